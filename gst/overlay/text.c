/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/text.h"

#include <math.h>
#include <string.h>

#include <pango/pangocairo.h>

#define MOST_BYTES 512  /* of a text that is laid out; a label of 10 KB takes no longer */
#define KEPT_FRAMES 64  /* after the last one that has used a text */
#define MOST_TEXTS 1024 /* more are dropped together */

typedef struct Entry {
    GstConvnextText text;
    guint64 frame; /* that has used it last */
} Entry;

struct GstConvnextTexts {
    PangoContext *context; /* with its own font map, because the default one belongs to a thread */
    GHashTable *entries;   /* text -> Entry */
    guint64 frame, rendered;
    char *font;
    double size, stretch;
    int most_width;
};

static void entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->text.coverage);
    g_free(entry);
}

GstConvnextTexts *gst_convnext_texts_new(void)
{
    GstConvnextTexts *self = g_new0(GstConvnextTexts, 1);
    PangoFontMap *fonts = pango_cairo_font_map_new();

    self->context = pango_font_map_create_context(fonts);
    g_object_unref(fonts);
    self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    return self;
}

void gst_convnext_texts_free(GstConvnextTexts *self)
{
    if (!self)
        return;
    g_object_unref(self->context);
    g_hash_table_unref(self->entries);
    g_free(self->font);
    g_free(self);
}

void gst_convnext_texts_set_style(GstConvnextTexts *self, const char *font, double size,
                                  double stretch, int most_width)
{
    if (g_strcmp0(font, self->font) == 0 && size == self->size && stretch == self->stretch &&
        most_width == self->most_width)
        return;
    g_free(self->font);
    self->font = g_strdup(font);
    self->size = size;
    self->stretch = stretch;
    self->most_width = most_width;
    g_hash_table_remove_all(self->entries);

    PangoFontDescription *description = pango_font_description_from_string(font);
    cairo_font_options_t *options = cairo_font_options_create();
    pango_font_description_set_absolute_size(description, size * PANGO_SCALE);
    pango_context_set_font_description(self->context, description);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(self->context, options);
    cairo_font_options_destroy(options);
    pango_font_description_free(description);
}

/* One line of valid UTF-8. Free with g_free(). */
static char *make_line(const char *text)
{
    char *line = g_utf8_make_valid(text, (gssize)strnlen(text, MOST_BYTES));

    for (char *c = line; *c; c = g_utf8_next_char(c))
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    return line;
}

static PangoLayout *make_layout(const GstConvnextTexts *self, const char *text)
{
    g_autofree char *line = make_line(text);
    PangoLayout *layout = pango_layout_new(self->context);
    PangoRectangle extents;

    pango_layout_set_text(layout, line, -1);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_get_pixel_extents(layout, NULL, &extents);
    const double most = floor(self->most_width / self->stretch);
    if (extents.width > most) {
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        pango_layout_set_width(layout, (int)MIN(most * PANGO_SCALE, G_MAXINT / 2));
    }
    return layout;
}

/* Draws the layout where its logical rectangle begins. */
static GstConvnextText draw(const GstConvnextTexts *self, PangoLayout *layout)
{
    PangoRectangle extents;

    pango_layout_get_pixel_extents(layout, NULL, &extents);
    const double wide = ceil(extents.width * self->stretch);
    const int width = (int)CLAMP(wide, 1, self->most_width);
    const int height = CLAMP(extents.height, 1, (int)ceil(self->size * 3));
    const int stride = cairo_format_stride_for_width(CAIRO_FORMAT_A8, width);
    GstConvnextText text = {width, height, (gsize)stride, g_malloc0((gsize)stride * (gsize)height)};
    cairo_surface_t *surface =
        cairo_image_surface_create_for_data(text.coverage, CAIRO_FORMAT_A8, width, height, stride);
    cairo_t *cairo = cairo_create(surface);

    cairo_scale(cairo, self->stretch, 1);
    cairo_move_to(cairo, -extents.x, -extents.y);
    pango_cairo_show_layout(cairo, layout);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    cairo_surface_destroy(surface);
    return text;
}

const GstConvnextText *gst_convnext_texts_get(GstConvnextTexts *self, const char *text)
{
    Entry *entry = g_hash_table_lookup(self->entries, text);

    g_return_val_if_fail(self->font, NULL);
    if (!entry) {
        PangoLayout *layout = make_layout(self, text);

        entry = g_new0(Entry, 1);
        entry->text = draw(self, layout);
        g_object_unref(layout);
        g_hash_table_insert(self->entries, g_strdup(text), entry);
        self->rendered++;
    }
    entry->frame = self->frame;
    return &entry->text;
}

static gboolean is_old(gpointer text, gpointer value, gpointer data)
{
    const GstConvnextTexts *self = data;

    return ((const Entry *)value)->frame + KEPT_FRAMES < self->frame;
}

void gst_convnext_texts_tidy(GstConvnextTexts *self)
{
    self->frame++;
    if (g_hash_table_size(self->entries) > MOST_TEXTS)
        g_hash_table_remove_all(self->entries);
    else if (self->frame % KEPT_FRAMES == 0)
        g_hash_table_foreach_remove(self->entries, is_old, self);
}

guint64 gst_convnext_texts_rendered(const GstConvnextTexts *self)
{
    return self->rendered;
}
