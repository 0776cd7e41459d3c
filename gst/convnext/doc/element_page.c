/* Prints the reference page of an element, in Markdown: element-page ELEMENT.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>

/* The values of an enum or of flags. */
static void print_values(GParamSpec *spec)
{
    g_autoptr(GTypeClass) type = g_type_class_ref(spec->value_type);

    g_print("* Values:\n");
    if (G_IS_PARAM_SPEC_ENUM(spec)) {
        const GEnumClass *values = (GEnumClass *)type;

        for (guint i = 0; i < values->n_values; i++)
            g_print("    * `%s`: %s\n", values->values[i].value_nick, values->values[i].value_name);
    } else {
        const GFlagsClass *values = (GFlagsClass *)type;

        for (guint i = 0; i < values->n_values; i++)
            g_print("    * `%s`: %s\n", values->values[i].value_nick, values->values[i].value_name);
    }
}

/* The least and the greatest value of a number. */
static void print_range(GParamSpec *spec)
{
    if (G_IS_PARAM_SPEC_UINT(spec)) {
        const GParamSpecUInt *range = G_PARAM_SPEC_UINT(spec);

        if (range->maximum == G_MAXUINT)
            g_print("* Range: at least %u\n", range->minimum);
        else
            g_print("* Range: %u to %u\n", range->minimum, range->maximum);
    } else if (G_IS_PARAM_SPEC_UINT64(spec)) {
        const GParamSpecUInt64 *range = G_PARAM_SPEC_UINT64(spec);

        if (range->maximum == G_MAXUINT64)
            g_print("* Range: at least %" G_GUINT64_FORMAT "\n", range->minimum);
        else
            g_print("* Range: %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT "\n", range->minimum,
                    range->maximum);
    } else if (G_IS_PARAM_SPEC_INT(spec)) {
        const GParamSpecInt *range = G_PARAM_SPEC_INT(spec);

        g_print("* Range: %d to %d\n", range->minimum, range->maximum);
    } else if (G_IS_PARAM_SPEC_DOUBLE(spec)) {
        const GParamSpecDouble *range = G_PARAM_SPEC_DOUBLE(spec);

        g_print("* Range: %g to %g\n", range->minimum, range->maximum);
    } else if (G_IS_PARAM_SPEC_FLOAT(spec)) {
        const GParamSpecFloat *range = G_PARAM_SPEC_FLOAT(spec);

        g_print("* Range: %g to %g\n", (double)range->minimum, (double)range->maximum);
    }
}

static void print_flags(const GValue *value)
{
    g_autoptr(GTypeClass) type = g_type_class_ref(G_VALUE_TYPE(value));
    guint left = g_value_get_flags(value);

    g_print("* Default: ");
    while (left) {
        const GFlagsValue *flag = g_flags_get_first_value((GFlagsClass *)type, left);

        left &= ~flag->value;
        g_print("`%s`%s", flag->value_nick, left ? ", " : "\n");
    }
}

static void print_default(GParamSpec *spec)
{
    const GValue *value = g_param_spec_get_default_value(spec);
    g_autofree char *text = NULL;

    if (G_VALUE_HOLDS_STRING(value))
        text = g_value_dup_string(value);
    else
        text = gst_value_serialize(value);
    if (G_VALUE_HOLDS_FLAGS(value))
        print_flags(value);
    else if (!text)
        g_print("* Default: none\n");
    else if (g_path_is_absolute(text))
        g_print("* Default: set when the plugin is built\n");
    else
        g_print("* Default: `%s`\n", text);
}

static void print_property(GParamSpec *spec)
{
    const char *blurb = g_param_spec_get_blurb(spec);

    g_print("### %s\n\n%s%s\n\n* Type: `%s`\n", spec->name, blurb,
            g_str_has_suffix(blurb, ".") ? "" : ".", g_type_name(spec->value_type));
    if (!(spec->flags & G_PARAM_WRITABLE)) {
        g_print("* Read only\n\n");
        return;
    }
    print_default(spec);
    print_range(spec);
    if (G_IS_PARAM_SPEC_ENUM(spec) || G_IS_PARAM_SPEC_FLAGS(spec))
        print_values(spec);
    if (spec->flags & GST_PARAM_MUTABLE_PLAYING)
        g_print("* Can be set while playing\n");
    g_print("\n");
}

static void print_page(GstElementFactory *factory, GstElement *element)
{
    g_autofree GParamSpec **specs = NULL;
    const char *name = GST_OBJECT_NAME(factory);
    guint n;

    g_print("Title: Element %s\n\n# %s\n\n%s.\n\n## Pads\n\n", name, name,
            gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_DESCRIPTION));
    for (const GList *item = gst_element_factory_get_static_pad_templates(factory); item;
         item = item->next) {
        const GstStaticPadTemplate *pad = item->data;

        g_print("* `%s`, %s, %s\n", pad->name_template,
                pad->direction == GST_PAD_SINK ? "sink" : "source",
                pad->presence == GST_PAD_ALWAYS ? "always" : "on request");
    }
    g_print("\n## Properties\n\n");
    specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &n);
    for (guint i = 0; i < n; i++)
        if (specs[i]->owner_type == G_OBJECT_TYPE(element))
            print_property(specs[i]);
}

int main(int argc, char **argv)
{
    g_autoptr(GstElementFactory) factory = NULL;
    g_autoptr(GstElement) element = NULL;

    gst_init(&argc, &argv);
    if (argc != 2) {
        g_printerr("usage: element-page ELEMENT\n");
        return 2;
    }
    factory = gst_element_factory_find(argv[1]);
    element = factory ? gst_element_factory_create(factory, NULL) : NULL;
    if (!element) {
        g_printerr("element-page: GStreamer has no element %s\n", argv[1]);
        return 1;
    }
    gst_object_ref_sink(element);
    print_page(factory, element);
    return 0;
}
