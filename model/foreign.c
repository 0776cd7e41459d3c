/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/foreign.h"

#include <string.h>

#define TEXT_PROBE 512

typedef struct Magic {
    gsize offset;
    gsize length;
    const char *bytes;
    const char *predicate;
} Magic;

#define PICKLE                                                                   \
    ", not a safetensors file: load it in PyTorch and save its state dict with " \
    "safetensors.torch.save_file"
#define DOWNLOAD ", not a checkpoint: download the file itself"
#define FORMAT " model, not a safetensors file: save the original PyTorch model as safetensors"

static const Magic magics[] = {
    {0, 4, "PK\3\4", "looks like a zip archive, such as a PyTorch checkpoint" PICKLE},
    {0, 2, "\x80\2", "looks like a Python pickle, such as an old PyTorch checkpoint" PICKLE},
    {0, 2, "\x80\3", "looks like a Python pickle" PICKLE},
    {0, 2, "\x80\4", "looks like a Python pickle" PICKLE},
    {0, 2, "\x80\5", "looks like a Python pickle" PICKLE},
    {0, 23, "version https://git-lfs",
     "is a Git LFS pointer, not the checkpoint itself: run \"git lfs pull\" in its folder"},
    {0, 9, "<!DOCTYPE", "is an HTML page" DOWNLOAD},
    {0, 9, "<!doctype", "is an HTML page" DOWNLOAD},
    {0, 5, "<html", "is an HTML page" DOWNLOAD},
    {0, 5, "<?xml", "is an XML file" DOWNLOAD},
    {0, 4, "GGUF", "looks like a GGUF" FORMAT},
    {0, 4, "\x89HDF", "looks like an HDF5 (Keras)" FORMAT},
    {4, 4, "TFL3", "looks like a TensorFlow Lite" FORMAT},
    {0, 2, "\x1f\x8b", "is gzip-compressed: unpack it first"},
    {257, 5, "ustar", "is a tar archive: unpack it first"},
};

/* An ONNX file is a protobuf whose first field is a small ir_version, followed by a string. */
static gboolean is_onnx(const guint8 *p, gsize size)
{
    return size > 4 && p[0] == 0x08 && p[1] < 0x20 && (p[2] == 0x12 || p[2] == 0x3a);
}

static gboolean is_text(const guint8 *p, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if (p[i] < 0x20 && (!p[i] || !strchr("\t\n\r\f", p[i])))
            return FALSE;
    /* A probe may end within a character, hence the second chance. */
    const char *end;
    return g_utf8_validate_len((const char *)p, size, &end) || p + size - (const guint8 *)end < 4;
}

const char *cnx_foreign_describe(const void *data, gsize size)
{
    const guint8 *p = data;

    if (size == 0)
        return "is empty";
    for (guint i = 0; i < G_N_ELEMENTS(magics); i++) {
        const Magic *m = &magics[i];
        if (size >= m->offset + m->length && !memcmp(p + m->offset, m->bytes, m->length))
            return m->predicate;
    }
    if (is_onnx(p, size))
        return "looks like an ONNX" FORMAT;
    if (p[0] == '{' && is_text(p, MIN(size, TEXT_PROBE)))
        return "is a JSON file, not a checkpoint: give the .safetensors file or its folder";
    if (is_text(p, MIN(size, TEXT_PROBE)))
        return "is a text file, not a checkpoint";
    return NULL;
}
