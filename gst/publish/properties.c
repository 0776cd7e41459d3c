/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/properties.h"

#include "gst/publish/emission.h"

void gst_convnext_publish_install(GObjectClass *klass)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

    g_object_class_install_property(
        klass, PROP_LOCATION,
        g_param_spec_string("location", "Location",
                            "File that receives the JSON lines, one for each result; truncated at "
                            "each start, or a named pipe (\"-\" = standard output; NULL = that, or "
                            "nothing with uri)",
                            GST_CONVNEXT_PUBLISH_LOCATION, flags));
    g_object_class_install_property(
        klass, PROP_STREAM,
        g_param_spec_string(
            "stream", "Stream",
            "Name of this stream, written to each line and used as the prefix of the names of "
            "tensor files (NULL = no name in the lines, and the prefix convnext)",
            NULL, flags));
    g_object_class_install_property(
        klass, PROP_TENSOR_DIR,
        g_param_spec_string("tensor-dir", "Tensor directory",
                            "Folder that receives each attached tensor and mask as <stream or "
                            "\"convnext\">-<frame>-<name>.npy, and masks also as .png; it is "
                            "created if it does not exist (NULL = no files)",
                            NULL, flags));
    g_object_class_install_property(
        klass, PROP_URI,
        g_param_spec_string(
            "uri", "URI",
            "Broker and topic that receive a message for each line: mqtt://HOST[:PORT]/TOPIC, "
            "mqtts://HOST[:PORT]/TOPIC or kafka://HOST[:PORT][,HOST...]/TOPIC. Frames never wait "
            "for "
            "it (NULL = none)",
            NULL, flags));
    g_object_class_install_property(
        klass, PROP_CREDENTIALS_FILE,
        g_param_spec_string("credentials-file", "Credentials file",
                            "File whose first line is user:password for the MQTT broker (NULL = no "
                            "login)",
                            NULL, flags));
    g_object_class_install_property(
        klass, PROP_CA_FILE,
        g_param_spec_string("ca-file", "CA file",
                            "File with the certificates, in PEM, that an mqtts:// broker's is "
                            "checked against (NULL = those of the system)",
                            NULL, flags));
    g_object_class_install_property(
        klass, PROP_FLUSH_TIMEOUT,
        g_param_spec_uint64(
            "flush-timeout", "Flush timeout",
            "Longest time, in nanoseconds, that EOS and a stop wait until the broker "
            "has acknowledged all lines (0 = they do not wait)",
            0, G_MAXINT64, GST_CONVNEXT_PUBLISH_FLUSH_TIMEOUT, flags));
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed("stats", "Statistics",
                           "Lines that went to uri since the start: sent, delivered, lost, queued",
                           GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
    g_object_class_install_property(
        klass, PROP_EMIT,
        g_param_spec_enum("emit", "Emit",
                          "Which results get a line: each new one, those of each frame, or those "
                          "that change the state",
                          GST_TYPE_CONVNEXT_EMIT, GST_CONVNEXT_EMIT_RESULT, flags));
    g_object_class_install_property(
        klass, PROP_EMBEDDING,
        g_param_spec_boolean("embedding", "Embedding",
                             "Whether a line has the embedding if one is attached", TRUE, flags));
}
