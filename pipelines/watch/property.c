/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/property.h"

#include <string.h>

#include "pipelines/watch/keys.h"

/* The words that a property takes, separated. */
static char *join_words(const char *before, const char *separator, GPtrArray *words)
{
    g_autofree char *joined = NULL;

    g_ptr_array_add(words, NULL);
    joined = g_strjoinv(separator, (char **)words->pdata);
    return g_strconcat(before, joined, NULL);
}

static char *describe_enum(GParamSpec *pspec)
{
    const GEnumClass *klass = G_PARAM_SPEC_ENUM(pspec)->enum_class;
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (guint i = 0; i < klass->n_values; i++)
        g_ptr_array_add(words, (char *)klass->values[i].value_nick);
    return join_words("one of ", ", ", words);
}

static char *describe_flags(GParamSpec *pspec)
{
    const GFlagsClass *klass = G_PARAM_SPEC_FLAGS(pspec)->flags_class;
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (guint i = 0; i < klass->n_values; i++)
        g_ptr_array_add(words, (char *)klass->values[i].value_nick);
    return join_words("words joined by +, such as ", "+", words);
}

/* The values that a property takes, such as "a number from 1 to 5"; or NULL. The caller frees it.
 */
static char *describe_values(GParamSpec *pspec)
{
    if (G_IS_PARAM_SPEC_ENUM(pspec))
        return describe_enum(pspec);
    if (G_IS_PARAM_SPEC_FLAGS(pspec))
        return describe_flags(pspec);
    if (G_IS_PARAM_SPEC_BOOLEAN(pspec))
        return g_strdup("true or false");
    if (G_IS_PARAM_SPEC_INT(pspec))
        return g_strdup_printf("a whole number from %d to %d", G_PARAM_SPEC_INT(pspec)->minimum,
                               G_PARAM_SPEC_INT(pspec)->maximum);
    if (G_IS_PARAM_SPEC_UINT(pspec))
        return g_strdup_printf("a whole number from %u to %u", G_PARAM_SPEC_UINT(pspec)->minimum,
                               G_PARAM_SPEC_UINT(pspec)->maximum);
    if (G_IS_PARAM_SPEC_UINT64(pspec))
        return g_strdup_printf("a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                               G_PARAM_SPEC_UINT64(pspec)->minimum,
                               G_PARAM_SPEC_UINT64(pspec)->maximum);
    if (G_IS_PARAM_SPEC_FLOAT(pspec))
        return g_strdup_printf("a number from %g to %g", G_PARAM_SPEC_FLOAT(pspec)->minimum,
                               G_PARAM_SPEC_FLOAT(pspec)->maximum);
    if (G_IS_PARAM_SPEC_DOUBLE(pspec))
        return g_strdup_printf("a number from %g to %g", G_PARAM_SPEC_DOUBLE(pspec)->minimum,
                               G_PARAM_SPEC_DOUBLE(pspec)->maximum);
    return NULL;
}

/* GStreamer takes a negative number for an unsigned property and wraps it around. */
static gboolean has_wrong_sign(const GParamSpec *pspec, const char *text)
{
    return (G_IS_PARAM_SPEC_UINT(pspec) || G_IS_PARAM_SPEC_UINT64(pspec)) && strchr(text, '-');
}

gboolean watch_property_check(const char *group, const char *factory, const char *name,
                              const char *text, GError **error)
{
    g_autoptr(GstElement) element = gst_element_factory_make(factory, NULL);
    g_autofree char *values = NULL;
    g_auto(GValue) value = G_VALUE_INIT;
    GParamSpec *pspec;

    if (!element)
        return watch_keys_fail(error, group, "the GStreamer element %s is not installed", factory);
    gst_object_ref_sink(element);
    pspec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
    if (!pspec || !(pspec->flags & G_PARAM_WRITABLE) || pspec->owner_type == GST_TYPE_OBJECT)
        return watch_keys_fail(error, group, "unknown key '%s', see convnext-watch --help", name);
    g_value_init(&value, pspec->value_type);
    if (!has_wrong_sign(pspec, text) && gst_value_deserialize_with_pspec(&value, text, pspec) &&
        !g_param_value_validate(pspec, &value))
        return TRUE;
    values = describe_values(pspec);
    if (values)
        return watch_keys_fail(error, group, "%s is '%s', expected %s", name, text, values);
    return watch_keys_fail(error, group,
                           "%s is '%s', which is not a valid value; see gst-inspect-1.0 %s", name,
                           text, factory);
}
