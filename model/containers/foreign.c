/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/foreign.h"

#include <string.h>

#define TEXT_PROBE 512

typedef struct Magic {
    gsize offset;
    gsize length;
    const char *bytes;
    const char *predicate;
} Magic;

#define DOWNLOAD ", not a checkpoint: download the file itself"
#define FORMAT " model: use the original PyTorch checkpoint or its model.safetensors"
#define MEDIA ", not a checkpoint: use it as the video source instead"
#define PICKLE                                                                                   \
    "is a Python pickle that torch.save did not write, for example of NumPy arrays: load it in " \
    "Python and save a state dict with torch.save"

static const Magic magics[] = {
    {0, 2, "\x80\2", PICKLE},
    {0, 2, "\x80\3", PICKLE},
    {0, 2, "\x80\4", PICKLE},
    {0, 2, "\x80\5", PICKLE},
    {0, 23, "version https://git-lfs",
     "is a Git LFS pointer, not the checkpoint itself: run \"git lfs pull\" in its folder"},
    {0, 9, "<!DOCTYPE", "is an HTML page" DOWNLOAD},
    {0, 9, "<!doctype", "is an HTML page" DOWNLOAD},
    {0, 5, "<html", "is an HTML page" DOWNLOAD},
    {0, 5, "<?xml", "is an XML file" DOWNLOAD},
    {0, 4, "GGUF", "is a GGUF" FORMAT},
    {0, 4, "\x89HDF", "is an HDF5 (Keras)" FORMAT},
    {4, 4, "TFL3", "is a TensorFlow Lite" FORMAT},
    {4, 4, "ET12", "is an ExecuTorch" FORMAT},
    {0, 3, "\x08\1\x12", "is a TensorFlow" FORMAT},
    {0, 6, "\x93NUMPY", "is a NumPy array, not a checkpoint"},
    {0, 3, "\x1f\x8b\x08", "is gzip-compressed: unpack it first"},
    {0, 3, "BZh", "is bzip2-compressed: unpack it first"},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     "is xz-compressed: unpack it first"},
    {0, 4, "\x28\xb5\x2f\xfd", "is zstd-compressed: unpack it first"},
    {0, 4, "Rar!", "is a RAR archive: unpack it first"},
    {0, 4, "7z\xbc\xaf", "is a 7z archive: unpack it first"},
    {257, 5, "ustar", "is a tar archive: unpack it first"},
    {0, 4,
     "\x7f"
     "ELF",
     "is a program or library, not a checkpoint"},
    {0, 4, "\x89PNG", "is a picture" MEDIA},
    {0, 3, "\xff\xd8\xff", "is a picture" MEDIA},
    {4, 4, "ftyp", "is a video or picture" MEDIA},
    {0, 4, "\x1a\x45\xdf\xa3", "is a video" MEDIA},
};

/* ONNX: a protobuf whose first field is a small ir_version, followed by a string. */
static gboolean is_onnx(const guint8 *p, gsize size)
{
    return size > 4 && p[0] == 0x08 && p[1] < 0x20 && (p[2] == 0x12 || p[2] == 0x3a);
}

/* msgpack: a map of few keys, the first one a short string. */
static gboolean is_msgpack(const guint8 *p, gsize size)
{
    return size > 4 && (p[0] & 0xf0) == 0x80 && (p[1] & 0xe0) == 0xa0 && g_ascii_isalpha(p[2]);
}

/* TensorFlow frozen graph: a protobuf of nodes, each with a name and an operation. */
static gboolean is_graph(const guint8 *p, gsize size)
{
    return size > 4 && p[0] == 0x0a && p[2] == 0x0a && p[1] > p[3] + 2 && size > p[3] + 5u &&
           g_ascii_isalnum(p[4]) && p[p[3] + 4] == 0x12;
}

/* TensorFlow checkpoint index: a table that ends with LevelDB's magic number. */
static gboolean is_table(const guint8 *p, gsize size)
{
    return size > 48 && !memcmp(p + size - 8, "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
}

/* OpenVINO: the root element is <net>. */
static gboolean is_openvino(const guint8 *p, gsize size)
{
    return size > 5 && !memcmp(p, "<?xml", 5) &&
           g_strstr_len((const char *)p, (gssize)MIN(size, TEXT_PROBE), "<net ");
}

static gboolean is_text(const guint8 *p, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if (p[i] < 0x20 && (!p[i] || !strchr("\t\n\r\f", p[i])))
            return FALSE;
    /* The probe may end in the middle of a character. */
    const char *end;
    return g_utf8_validate_len((const char *)p, size, &end) || p + size - (const guint8 *)end < 4;
}

const char *cnx_foreign_describe(const void *data, gsize size)
{
    const guint8 *p = data;

    if (size == 0)
        return "is empty";
    if (is_openvino(p, size))
        return "is an OpenVINO" FORMAT;
    for (guint i = 0; i < G_N_ELEMENTS(magics); i++) {
        const Magic *m = &magics[i];

        if (size >= m->offset + m->length && !memcmp(p + m->offset, m->bytes, m->length))
            return m->predicate;
    }
    if (is_table(p, size) || is_graph(p, size))
        return "looks like a TensorFlow" FORMAT;
    if (is_onnx(p, size))
        return "looks like an ONNX" FORMAT;
    if (is_msgpack(p, size))
        return "looks like a Flax (msgpack)" FORMAT;
    if (p[0] == '{' && is_text(p, MIN(size, TEXT_PROBE)))
        return "is a JSON file, not a checkpoint: name the checkpoint, or the folder that holds "
               "both";
    if (is_text(p, MIN(size, TEXT_PROBE)))
        return "is a text file, not a checkpoint";
    return NULL;
}
