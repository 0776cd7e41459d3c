/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/names.h"

#include <string.h>

#include "model/dialect/others.h"
#include "model/dialect/pattern.h"
#include "model/dialect/tables.h"
#include "model/dialect/wrappers.h"

static gboolean fail_not_convnext(const CnxTensor *tensors, guint count, const char *file,
                                  GError **error)
{
    const char *witness, *network = cnx_others_recognise(tensors, count, &witness);

    for (guint i = 0; i < count; i++)
        if (cnx_name_ends_in(tensors[i].name, "stages.0.0.dwconv.kernel")) {
            g_autofree char *name = cnx_quote(tensors[i].name);

            g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: is a ConvNeXt V2 from masked pre-training with sparse layers (tensor "
                        "%s): convert it with remap_checkpoint_keys from "
                        "facebookresearch/ConvNeXt-V2",
                        file, name);
            return FALSE;
        }
    if (network) {
        g_autofree char *name = cnx_quote(witness);

        g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: is not a ConvNeXt but looks like %s: it has a tensor %s", file, network,
                    name);
        return FALSE;
    }
    g_autofree char *first = count ? cnx_quote(tensors[0].name) : g_strdup("none");
    g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                "%s: is not a ConvNeXt: none of its %u tensors (first: %s) has the name of a "
                "block's depthwise convolution in timm, transformers, torchvision, "
                "facebookresearch or OpenMMLab",
                file, count, first);
    return FALSE;
}

static gboolean has_tensor(const CnxTensor *tensors, guint count, const char *prefix,
                           const char *rest)
{
    g_autofree char *name = g_strconcat(prefix, rest, NULL);

    for (guint i = 0; i < count; i++) {
        g_autofree char *plain = cnx_wrappers_strip(tensors[i].name);

        if (!strcmp(plain, name))
            return TRUE;
    }
    return FALSE;
}

/* The first table, starting at names, that has the same witness and whose conditions hold. */
static const CnxNames *choose_table(const CnxNames *names, const char *prefix,
                                    const CnxTensor *tensors, guint count)
{
    const char *witness = names->witness;

    while (strcmp(names->witness, witness) ||
           (names->inside && !cnx_name_ends_in(prefix, names->inside)) ||
           (names->also && !has_tensor(tensors, count, prefix, names->also)))
        names++;
    return names;
}

gboolean cnx_naming_detect(CnxNaming *naming, const CnxTensor *tensors, guint count,
                           const char *file, GError **error)
{
    const char *witness = NULL;

    *naming = (CnxNaming){0};
    for (guint i = 0; i < count; i++) {
        g_autofree char *name = cnx_wrappers_strip(tensors[i].name);
        const CnxNames *names = cnx_names;

        while (names->witness && !cnx_name_ends_in(name, names->witness))
            names++;
        if (!names->witness)
            continue;
        if (witness) {
            g_autofree char *one = cnx_quote(witness), *other = cnx_quote(tensors[i].name);

            g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                        "%s: contains more than one ConvNeXt (tensors %s and %s): keep only one",
                        file, one, other);
            cnx_naming_clear(naming);
            return FALSE;
        }
        witness = tensors[i].name;
        naming->prefix = g_strndup(name, strlen(name) - strlen(names->witness));
        naming->names = choose_table(names, naming->prefix, tensors, count);
        naming->dialect = naming->names->dialect;
        naming->head_eps = naming->names->head_eps;
    }
    return witness || fail_not_convnext(tensors, count, file, error);
}

void cnx_naming_clear(CnxNaming *naming)
{
    g_clear_pointer(&naming->prefix, g_free);
}

static char *rename_rest(const CnxNaming *naming, const char *name)
{
    for (const CnxNamesRow *row = naming->names->rows; row->original; row++) {
        char *canonical = cnx_pattern_rename(row->original, row->canonical, name);

        if (canonical)
            return canonical;
    }
    return NULL;
}

static gboolean is_of_head(const char *canonical)
{
    return g_str_has_prefix(canonical, "head.") || g_str_has_prefix(canonical, "norm.") ||
           g_str_has_prefix(canonical, "outnorm");
}

/* The tensors of the body have the whole prefix, those of the head perhaps only some of its leading
 * modules. */
char *cnx_naming_canonical(const CnxNaming *naming, const char *original)
{
    const char *prefix = naming->prefix;
    g_autofree char *name = cnx_wrappers_strip(original);

    for (gsize length = strlen(prefix);; length--) {
        gboolean whole = prefix[length] == '\0';

        if ((length == 0 || prefix[length - 1] == '.') && !strncmp(name, prefix, length)) {
            g_autofree char *canonical = rename_rest(naming, name + length);

            if (canonical && (whole || is_of_head(canonical)))
                return g_steal_pointer(&canonical);
        }
        if (length == 0)
            return NULL;
    }
}

/* Whether the first component of name matches that of the row. */
static gboolean is_same_module(const char *row, const char *name)
{
    for (; *row && *row != '.'; row++) {
        if (!strchr("#+@%", *row)) {
            if (*name++ != *row)
                return FALSE;
            continue;
        }
        if (!g_ascii_isdigit(*name))
            return FALSE;
        while (g_ascii_isdigit(*name))
            name++;
    }
    return *name == '.' || *name == '\0';
}

/* The length of the modules that name, without wrappers, shares with the prefix of the body. */
static gsize shared_length(const char *prefix, const char *name)
{
    gsize shared = 0;

    for (gsize i = 0; prefix[i] && prefix[i] == name[i]; i++)
        if (prefix[i] == '.')
            shared = i + 1;
    return shared;
}

char *cnx_naming_outside(const CnxNaming *naming, const char *name, guint *level)
{
    g_autofree char *plain = cnx_wrappers_strip(name);

    *level = (guint)shared_length(naming->prefix, plain);
    for (const CnxNamesRow *row = naming->names->rows; !naming->prefix[*level] && row->original;
         row++)
        if (!is_of_head(row->canonical) && is_same_module(row->original, plain + *level))
            return NULL;
    return g_steal_pointer(&plain);
}

char *cnx_naming_rest(const CnxNaming *naming, const char *name, gboolean *inside)
{
    const char *prefix = naming->prefix;
    g_autofree char *plain = cnx_wrappers_strip(name);
    const gsize shared = shared_length(prefix, plain);

    *inside = FALSE;
    for (const CnxNamesRow *row = naming->names->rows; !prefix[shared] && row->original; row++)
        *inside |= is_same_module(row->original, plain + shared);
    return g_strdup(plain + shared);
}

/* "backbone.convnext." becomes "backbone.". */
static void cut_last_module(char *prefix)
{
    gsize length = strlen(prefix);

    if (length > 0)
        length--;
    while (length > 0 && prefix[length - 1] != '.')
        length--;
    prefix[length] = '\0';
}

char *cnx_naming_spell(const CnxNaming *naming, const char *canonical)
{
    for (const CnxNamesRow *row = naming->names->rows; row->original; row++) {
        g_autofree char *rest = cnx_pattern_rename(row->canonical, row->original, canonical);

        if (!rest)
            continue;
        g_autofree char *prefix = g_strdup(naming->prefix);
        if (naming->names->outside && g_str_has_prefix(canonical, "head."))
            cut_last_module(prefix);
        return g_strconcat(prefix, rest, NULL);
    }
    return NULL;
}

char *cnx_naming_original(const CnxNaming *naming, const char *canonical)
{
    char *original = cnx_naming_spell(naming, canonical);

    return original ? original : g_strdup(canonical);
}

gboolean cnx_naming_has(const CnxNaming *naming, const char *module)
{
    for (const CnxNamesRow *row = naming->names->rows; row->original; row++)
        if (!strcmp(row->canonical, module))
            return TRUE;
    return FALSE;
}
