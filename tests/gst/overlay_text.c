/* The text of convnextoverlay: what is kept, cut and replaced.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/text.h"

#include <string.h>

#include <gst/check/gstcheck.h>

#define MOST 200

static GstConvnextTexts *texts;

static void setup(void)
{
    texts = gst_convnext_texts_new();
    gst_convnext_texts_set_style(texts, "Sans", 20, 1, MOST);
}

static void teardown(void)
{
    gst_convnext_texts_free(texts);
}

static guint count_ink(const GstConvnextText *text)
{
    guint n = 0;

    for (gsize i = 0; i < (gsize)text->height * text->stride; i++)
        n += text->coverage[i] > 127;
    return n;
}

/* The same text is laid out once, until the style changes or it is out of use. */
GST_START_TEST(test_kept)
{
    for (guint i = 0; i < 10; i++) {
        gst_convnext_texts_tidy(texts);
        fail_unless(count_ink(gst_convnext_texts_get(texts, "label")) > 0);
        gst_convnext_texts_set_style(texts, "Sans", 20, 1, MOST);
    }
    fail_unless_equals_uint64(gst_convnext_texts_rendered(texts), 1);
    gst_convnext_texts_get(texts, "other");
    fail_unless_equals_uint64(gst_convnext_texts_rendered(texts), 2);
    for (guint i = 0; i < 200; i++) {
        gst_convnext_texts_tidy(texts);
        gst_convnext_texts_get(texts, "label");
    }
    fail_unless_equals_uint64(gst_convnext_texts_rendered(texts), 2);
    gst_convnext_texts_get(texts, "other"); /* was dropped */
    fail_unless_equals_uint64(gst_convnext_texts_rendered(texts), 3);
    gst_convnext_texts_set_style(texts, "Sans Bold", 20, 1, MOST);
    gst_convnext_texts_get(texts, "label");
    fail_unless_equals_uint64(gst_convnext_texts_rendered(texts), 4);
}
GST_END_TEST;

/* A frame with more different texts than are kept. */
GST_START_TEST(test_many)
{
    for (guint i = 0; i < 3000; i++) {
        g_autofree char *text = g_strdup_printf("%u", i);

        if (i % 1500 == 0)
            gst_convnext_texts_tidy(texts);
        gst_convnext_texts_get(texts, text);
    }
    fail_unless_equals_uint64(gst_convnext_texts_rendered(texts), 3000);
}
GST_END_TEST;

GST_START_TEST(test_size)
{
    const GstConvnextText small = *gst_convnext_texts_get(texts, "label");
    const int width = small.width, height = small.height;

    fail_unless(height >= 20 && height <= 40, "%d", height);
    gst_convnext_texts_set_style(texts, "Sans 99", 40, 1,
                                 MOST); /* the description's size is ignored */
    const GstConvnextText *large = gst_convnext_texts_get(texts, "label");
    fail_unless(ABS(large->height - 2 * height) <= 4 && ABS(large->width - 2 * width) <= 6);
    gst_convnext_texts_set_style(texts, "Sans", 20, 0.5, MOST);
    const GstConvnextText *narrow = gst_convnext_texts_get(texts, "label");
    fail_unless(ABS(2 * narrow->width - width) <= 2 && narrow->height == height);
}
GST_END_TEST;

/* Long text is cut at the width; an ellipsis stays inside it. */
GST_START_TEST(test_long)
{
    g_autofree char *text = g_strnfill(10240, 'W');
    const GstConvnextText *drawn = gst_convnext_texts_get(texts, text);

    fail_unless(drawn->width <= MOST && drawn->width > MOST / 2, "%d", drawn->width);
    fail_unless(count_ink(drawn) > 100);
}
GST_END_TEST;

static gboolean look_alike(const char *a, const char *b)
{
    const GstConvnextText *first = gst_convnext_texts_get(texts, a);
    const GstConvnextText *second = gst_convnext_texts_get(texts, b);

    return first->width == second->width && first->height == second->height &&
           memcmp(first->coverage, second->coverage, (gsize)first->height * first->stride) == 0;
}

/* Control characters are spaces, bytes that are not UTF-8 are replaced, markup is text, and Hebrew
 * begins on the right. */
GST_START_TEST(test_any_bytes)
{
    fail_unless(look_alike("a\nb", "a b"));
    fail_unless(look_alike("a\tb\x01", "a b "));
    fail_unless(look_alike("a\xff", "a\xef\xbf\xbd"));
    fail_unless(!look_alike("<b>a</b>", "a"));
    fail_unless(!look_alike("&amp;", "&"));
    const GstConvnextText *hebrew =
        gst_convnext_texts_get(texts, "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d");
    fail_unless(count_ink(hebrew) > 20 && hebrew->width < MOST);
    const GstConvnextText *empty = gst_convnext_texts_get(texts, "");
    fail_unless(empty->width >= 1 && count_ink(empty) == 0);
}
GST_END_TEST;

static Suite *overlay_text_suite(void)
{
    Suite *s = suite_create("overlay_text");
    TCase *tc = tcase_create("overlay_text");

    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_kept);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_size);
    tcase_add_test(tc, test_long);
    tcase_add_test(tc, test_any_bytes);
    return s;
}

GST_CHECK_MAIN(overlay_text)
