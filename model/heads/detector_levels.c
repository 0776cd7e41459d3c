/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_levels.h"

#include <stdlib.h>
#include <string.h>

#include "model/heads/detector_rules.h"

#define MODULES (2 * CNX_STAGES) /* of torchvision's features */
#define ANCHOR_MAX 65536.0       /* pixels; ratios are at most this too */

typedef struct Reading {
    CnxDetectorConfig *self;
    const CnxDetectorShape *shape;
    const CnxConfig *backbone;
    const CnxJson *json; /* NULL: no config */
    const char *file;    /* of the weights */
    CnxHeadInfo *info;
    char *names[CNX_DETECTOR_INNER]; /* of the levels' maps, for featmap_names */
    GError **error;
} Reading;

/* Numbers for each level */
typedef struct Numbers {
    guint levels;
    guint counts[CNX_DETECTOR_LEVELS];
    float values[CNX_DETECTOR_LEVELS][CNX_DETECTOR_ANCHORS];
} Numbers;

static JsonNode *member(const Reading *r, const char *key)
{
    return r->json && cnx_json_has(r->json, key) ? json_object_get_member(r->json->object, key)
                                                 : NULL;
}

/* Modules */

static guint module_stage(guint module)
{
    return module / 2;
}

/* Channels of a module's map; 0 if the body has no such module. */
static guint module_width(const CnxConfig *backbone, guint module)
{
    const guint stage = module_stage(module);

    if (module == 0 || stage >= backbone->stages ||
        (module % 2 == 1 && backbone->depths[stage] == 0))
        return 0;
    return backbone->dims[stage];
}

static char *list_text(const guint *numbers, guint count)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? "," : "", numbers[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean fail_widths(const Reading *r, const char *why)
{
    g_autofree char *widths = list_text(r->shape->widths, r->shape->inner);
    g_autofree char *dims = list_text(r->backbone->dims, r->backbone->stages);

    g_set_error(r->error, CNX_ERROR, CNX_ERROR_MISMATCH,
                "%s: the pyramid's levels read maps of %s channels, expected %s (the stages "
                "have %s)",
                r->file, widths, why, dims);
    return FALSE;
}

/* The last level reads the last module of the body, because torchvision drops the modules behind
 * it; the levels before it read earlier modules with their widths. */
static gboolean match_modules(Reading *r)
{
    CnxDetectorConfig *self = r->self;
    const guint last = r->backbone->stages - 1;
    const gboolean reads_down = r->backbone->depths[last] == 0;
    guint stage = last + 1;

    for (guint i = self->inner; i > 0; i--) {
        do {
            if (stage == (reads_down ? 1 : 0))
                return fail_widths(r, reads_down ? "those of downsampling layers, up to the last"
                                                 : "those of stages, up to the last");
            stage--;
        } while (r->backbone->dims[stage] != r->shape->widths[i - 1]);
        if (i == self->inner && stage != last)
            return fail_widths(r, "the last stage's at the end");
        self->modules[i - 1] = 2 * stage + !reads_down;
    }
    g_autofree char *text = list_text(self->modules, self->inner);
    cnx_head_info_assume(r->info, "return_layers=%s", text);
    return TRUE;
}

/* {"1": "0", "3": "1"}: module and name of its map. */
static gboolean read_modules(Reading *r, JsonNode *node)
{
    static const char key[] = "return_layers";
    CnxDetectorConfig *self = r->self;
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

    if (!object || json_object_get_size(object) != self->inner)
        return cnx_json_fail(r->json, CNX_ERROR_MISMATCH, key,
                             "is not an object with %u members, one for each of the pyramid's "
                             "inner_blocks",
                             self->inner);
    guint found = 0;
    for (guint module = 0; module < MODULES; module++) {
        g_autofree char *name = g_strdup_printf("%u", module);
        JsonNode *value = json_object_get_member(object, name);

        if (!value)
            continue;
        if (module_width(r->backbone, module) != r->shape->widths[found])
            return cnx_json_fail(r->json, CNX_ERROR_MISMATCH, key,
                                 "reads module %u, which has %u channels, but level %u of the "
                                 "pyramid has %u",
                                 module, module_width(r->backbone, module), found,
                                 r->shape->widths[found]);
        if (JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_STRING)
            r->names[found] = json_node_dup_string(value);
        self->modules[found++] = module;
    }
    return found == self->inner ||
           cnx_json_fail(r->json, CNX_ERROR_UNSUPPORTED, key,
                         "names modules that the body does not have, expected numbers from 1 to %u",
                         MODULES - 1);
}

/* Anchors */

static gboolean fail_numbers(const Reading *r, const char *key)
{
    g_autofree char *expected = g_strdup_printf(
        "positive numbers, or an array with an array of at most %u of them for each of at most %u "
        "levels",
        CNX_DETECTOR_ANCHORS, CNX_DETECTOR_LEVELS);

    return cnx_json_fail_expected(r->json, CNX_ERROR_CORRUPT, key, expected);
}

static gboolean read_number(JsonNode *node, float *value)
{
    const GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_NONE;

    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return FALSE;
    *value = (float)json_node_get_double(node);
    return *value > 0 && *value <= ANCHOR_MAX;
}

static gboolean read_row(JsonArray *array, float *values, guint *count)
{
    *count = json_array_get_length(array);
    if (*count == 0 || *count > CNX_DETECTOR_ANCHORS)
        return FALSE;
    for (guint i = 0; i < *count; i++)
        if (!read_number(json_array_get_element(array, i), &values[i]))
            return FALSE;
    return TRUE;
}

/* A bare list is one number for each level, or, of ratios, the same list for all levels. */
static gboolean read_numbers(const Reading *r, const char *key, gboolean is_ratios, Numbers *n)
{
    JsonNode *node = member(r, key);
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    const guint count = array ? json_array_get_length(array) : 0;

    if (count == 0)
        return fail_numbers(r, key);
    if (!JSON_NODE_HOLDS_ARRAY(json_array_get_element(array, 0)) && is_ratios) {
        if (!read_row(array, n->values[0], &n->counts[0]))
            return fail_numbers(r, key);
        for (guint i = 1; i < n->levels; i++) {
            n->counts[i] = n->counts[0];
            memcpy(n->values[i], n->values[0], sizeof n->values[0]);
        }
        return TRUE;
    }
    if (count > CNX_DETECTOR_LEVELS)
        return fail_numbers(r, key);
    n->levels = count;
    for (guint i = 0; i < count; i++) {
        JsonNode *element = json_array_get_element(array, i);

        n->counts[i] = 1;
        if (JSON_NODE_HOLDS_ARRAY(element)
                ? !read_row(json_node_get_array(element), n->values[i], &n->counts[i])
                : !read_number(element, n->values[i]))
            return fail_numbers(r, key);
    }
    return TRUE;
}

/* Of all libraries: 32, 64, ... */
static void assume_sizes(const Reading *r, Numbers *sizes)
{
    g_autoptr(GString) text = g_string_new("anchor_sizes=");

    sizes->levels = r->self->levels;
    for (guint i = 0; i < sizes->levels; i++) {
        sizes->counts[i] = 1;
        sizes->values[i][0] = (float)(32u << i);
        g_string_append_printf(text, "%s%u", i > 0 ? "," : "", 32u << i);
    }
    cnx_head_info_assume(r->info, "%s", text->str);
}

static void assume_ratios(const Reading *r, Numbers *ratios)
{
    for (guint i = 0; i < ratios->levels; i++) {
        ratios->counts[i] = 3;
        memcpy(ratios->values[i], (const float[]){0.5f, 1, 2}, 3 * sizeof(float));
    }
    cnx_head_info_assume(r->info, "aspect_ratios=0.5,1,2");
}

static gboolean check_anchors(const Reading *r, const Numbers *sizes, const Numbers *ratios)
{
    const CnxDetectorConfig *self = r->self;

    if (r->shape->anchors > CNX_DETECTOR_ANCHORS) {
        g_set_error(
            r->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
            "%s: the region proposal network has %u anchors at a pixel, expected at most %d",
            r->file, r->shape->anchors, CNX_DETECTOR_ANCHORS);
        return FALSE;
    }
    if (ratios->levels != self->levels)
        return cnx_json_fail(r->json, CNX_ERROR_MISMATCH, "aspect_ratios",
                             "is for %u levels, but the pyramid has %u", ratios->levels,
                             self->levels);
    for (guint i = 0; i < self->levels; i++)
        if (sizes->counts[i] * ratios->counts[i] != r->shape->anchors) {
            g_set_error(
                r->error, CNX_ERROR, CNX_ERROR_MISMATCH,
                "%s: the region proposal network has %u anchors at a pixel, expected %u for "
                "%u sizes and %u ratios: set anchor_sizes and aspect_ratios in config.json",
                r->file, r->shape->anchors, sizes->counts[i] * ratios->counts[i], sizes->counts[i],
                ratios->counts[i]);
            return FALSE;
        }
    return TRUE;
}

/* The number of sizes shows whether there is an extra level. */
static gboolean read_anchors(Reading *r)
{
    CnxDetectorConfig *self = r->self;
    Numbers sizes = {0}, ratios = {0};

    self->levels = self->inner + 1;
    if (!member(r, "anchor_sizes"))
        assume_sizes(r, &sizes);
    else if (!read_numbers(r, "anchor_sizes", FALSE, &sizes))
        return FALSE;
    if (sizes.levels != self->inner && sizes.levels != self->inner + 1)
        return cnx_json_fail(r->json, CNX_ERROR_MISMATCH, "anchor_sizes",
                             "is for %u levels, but the pyramid has %u, or %u with the level "
                             "\"pool\"",
                             sizes.levels, self->inner, self->inner + 1);
    self->levels = ratios.levels = sizes.levels;
    self->pool = self->levels > self->inner;
    if (!member(r, "aspect_ratios"))
        assume_ratios(r, &ratios);
    else if (!read_numbers(r, "aspect_ratios", TRUE, &ratios))
        return FALSE;
    if (!check_anchors(r, &sizes, &ratios))
        return FALSE;
    self->anchors = r->shape->anchors;
    for (guint i = 0; i < self->levels; i++)
        cnx_anchors_cell(self->cells[i], sizes.values[i], sizes.counts[i], ratios.values[i],
                         ratios.counts[i], r->shape->rules->rounds_anchors);
    return TRUE;
}

/* The levels of the heads */

static gboolean is_named(JsonArray *names, const char *name)
{
    for (guint i = 0; i < json_array_get_length(names); i++) {
        JsonNode *node = json_array_get_element(names, i);

        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING &&
            g_str_equal(json_node_get_string(node), name))
            return TRUE;
    }
    return FALSE;
}

static gboolean pick_level(Reading *r, guint level)
{
    CnxDetectorConfig *self = r->self;

    if (self->roi_count == 0)
        self->roi_first = level;
    else if (self->roi_first + self->roi_count != level)
        return cnx_json_fail(r->json, CNX_ERROR_UNSUPPORTED, "featmap_names",
                             "leaves out a level between two others, expected neighbours");
    self->roi_count++;
    return TRUE;
}

static gboolean read_rois(Reading *r)
{
    CnxDetectorConfig *self = r->self;
    JsonNode *node = member(r, "featmap_names");

    self->roi_count = 0;
    if (!node) {
        self->roi_first = 0;
        self->roi_count = self->inner;
        cnx_head_info_assume(r->info, "featmap_names=0..%u", self->inner - 1);
        return TRUE;
    }
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return cnx_json_fail_expected(r->json, CNX_ERROR_CORRUPT, "featmap_names",
                                      "an array of names");
    for (guint i = 0; i < self->levels; i++) {
        g_autofree char *number = g_strdup_printf("%u", i);
        const char *name = i == self->inner ? "pool" : r->names[i] ? r->names[i] : number;

        if (is_named(json_node_get_array(node), name) && !pick_level(r, i))
            return FALSE;
    }
    return self->roi_count > 0 ||
           cnx_json_fail(r->json, CNX_ERROR_MISMATCH, "featmap_names",
                         "names none of the pyramid's %u levels", self->levels);
}

gboolean cnx_detector_levels_read(CnxDetectorConfig *self, const CnxDetectorShape *shape,
                                  const CnxConfig *backbone, const CnxJson *json, const char *file,
                                  CnxHeadInfo *info, GError **error)
{
    Reading r = {.self = self,
                 .shape = shape,
                 .backbone = backbone,
                 .json = json,
                 .file = file,
                 .info = info,
                 .error = error};
    JsonNode *modules = member(&r, "return_layers");

    self->inner = shape->inner;
    const gboolean ok = (modules ? read_modules(&r, modules) : match_modules(&r)) &&
                        read_anchors(&r) && read_rois(&r);
    for (guint i = 0; i < G_N_ELEMENTS(r.names); i++)
        g_free(r.names[i]);
    return ok;
}
