/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings/roi.h"

#include <math.h>

#include "model/base/error.h"

#define NUMBERS 4
#define TOLERANCE 1e-6 /* of sums of decimal fractions, such as 0.7 and 0.3 */

/* FALSE if text is not four numbers. */
static gboolean read_numbers(const char *text, double numbers[NUMBERS])
{
    g_auto(GStrv) words = g_strsplit(text, ",", NUMBERS + 1);

    if (g_strv_length(words) != NUMBERS)
        return FALSE;
    for (guint i = 0; i < NUMBERS; i++) {
        const char *word = g_strstrip(words[i]);
        char *end;

        numbers[i] = g_ascii_strtod(word, &end);
        /* g_ascii_strtod() also reads hexadecimal numbers, "inf" and "nan". */
        if (!*word || *end || word[strspn(word, "0123456789.eE+-")] || !isfinite(numbers[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_fraction(const double numbers[NUMBERS])
{
    return numbers[0] <= 1 && numbers[1] <= 1 && numbers[2] <= 1 && numbers[3] <= 1;
}

/* What is wrong with the numbers; NULL if nothing is. */
static const char *find_fault(const double n[NUMBERS])
{
    if (n[0] < 0 || n[1] < 0)
        return "x and y must not be negative";
    if (n[2] <= 0 || n[3] <= 0)
        return "width and height must be positive";
    if (is_fraction(n))
        return n[0] + n[2] > 1 + TOLERANCE || n[1] + n[3] > 1 + TOLERANCE
                   ? "fractions must not reach beyond the frame, whose size is 1"
                   : NULL;
    for (guint i = 0; i < NUMBERS; i++)
        if (n[i] > G_MAXINT || n[i] != floor(n[i]))
            return "pixels must be whole numbers; fractions of the frame are at most 1";
    return NULL;
}

gboolean gst_convnext_roi_parse(const char *text, GstConvnextRoi *roi, GError **error)
{
    double n[NUMBERS];

    if (!text || !*text) {
        *roi = (GstConvnextRoi){0};
        return TRUE;
    }
    const char *fault = read_numbers(text, n) ? find_fault(n)
                                              : "expected x,y,w,h in pixels or fractions, such as "
                                                "640,0,320,240 or 0.5,0,0.25,0.3";
    if (fault) {
        g_autofree char *shown = g_utf8_make_valid(text, (gssize)strnlen(text, 100));

        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS, "roi is \"%s\": %s", shown, fault);
        return FALSE;
    }
    *roi = (GstConvnextRoi){n[0], n[1], n[2], n[3]};
    return TRUE;
}

/* From a fraction of a side of `size` pixels to whole ones. */
static void round_span(double start, double length, int size, int *first, int *pixels)
{
    const int begin = MIN((int)floor(start * size + 0.5), size - 1);
    const int end = MIN((int)floor((start + length) * size + 0.5), size);

    *first = begin;
    *pixels = MAX(end - begin, 1);
}

gboolean gst_convnext_roi_locate(const GstConvnextRoi *roi, int width, int height,
                                 GstConvnextRect *rect, GError **error)
{
    const double numbers[] = {roi->x, roi->y, roi->w, roi->h};

    if (is_fraction(numbers)) {
        round_span(roi->x, roi->w, width, &rect->x, &rect->w);
        round_span(roi->y, roi->h, height, &rect->y, &rect->h);
        return TRUE;
    }
    if (roi->x + roi->w > width || roi->y + roi->h > height) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "roi=%.0f,%.0f,%.0f,%.0f is not inside frames of %d x %d pixels", roi->x,
                    roi->y, roi->w, roi->h, width, height);
        return FALSE;
    }
    *rect = (GstConvnextRect){(int)roi->x, (int)roi->y, (int)roi->w, (int)roi->h};
    return TRUE;
}
