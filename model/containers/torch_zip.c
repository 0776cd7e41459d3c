/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/torch_zip.h"

#include <stdlib.h>
#include <string.h>
#include <unzip.h>
#include <zlib.h>

#include "model/containers/foreign.h"
#include "model/containers/unwrap.h"

#define NAME_MAX_BYTES 511
#define RAW_ENTRY 1 /* makes minizip skip inflating */

typedef struct Entry {
    const char *name;
    unz64_file_pos place; /* in the central directory */
    guint64 size;         /* bytes, uncompressed */
    uLong crc;            /* of data */
    const guint8 *data;   /* [size]; NULL until locate_entry */
} Entry;

typedef struct Archive {
    const guint8 *bytes;
    gsize size, at; /* at: minizip's read position */
    const char *file;
    unzFile zip;
    CnxStrings *names;
    Entry *entries; /* [count], sorted by name */
    gsize count, room;
    char *prefix; /* "NAME/" */
    CnxContainer *container;
    GError **error;
} Archive;

static void archive_clear(Archive *a)
{
    if (a->zip)
        unzClose(a->zip);
    cnx_strings_free(a->names);
    cnx_budget_give(cnx_container_budget(a->container), a->room * sizeof *a->entries);
    g_free(a->entries);
    g_free(a->prefix);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Archive, archive_clear)

static gboolean fail_archive(const Archive *a, CnxError code, const char *what)
{
    g_set_error(a->error, CNX_ERROR, (int)code, "%s: %s", a->file, what);
    return FALSE;
}

/* The mapping as minizip's file */

static voidpf zip_open(voidpf opaque, const void *name, int mode)
{
    return opaque;
}

static uLong zip_read(voidpf opaque, voidpf stream, void *buffer, uLong size)
{
    Archive *a = stream;
    uLong n = MIN(size, a->size - a->at);

    memcpy(buffer, a->bytes + a->at, n);
    a->at += n;
    return n;
}

static ZPOS64_T zip_tell(voidpf opaque, voidpf stream)
{
    return ((Archive *)stream)->at;
}

static long zip_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
    Archive *a = stream;
    ZPOS64_T from = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
                    : origin == ZLIB_FILEFUNC_SEEK_CUR ? a->at
                                                       : a->size;

    if (offset > a->size - from)
        return -1;
    a->at = from + offset;
    return 0;
}

static int zip_done(voidpf opaque, voidpf stream)
{
    return 0;
}

/* The central directory */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

static int compare_name(const void *name, const void *entry)
{
    return strcmp(name, ((const Entry *)entry)->name);
}

static Entry *find_entry(const Archive *a, const char *name)
{
    g_autofree char *path = g_strconcat(a->prefix, name, NULL);

    return bsearch(path, a->entries, a->count, sizeof *a->entries, compare_name);
}

static gboolean add_entry(Archive *a)
{
    char name[NAME_MAX_BYTES + 1];
    unz_file_info64 info;
    Entry entry = {0};

    if (unzGetCurrentFileInfo64(a->zip, &info, name, sizeof name, NULL, 0, NULL, 0) != UNZ_OK ||
        unzGetFilePos64(a->zip, &entry.place) != UNZ_OK)
        return cnx_corrupt(a->error, a->file, "is a zip archive with a damaged central directory");
    if (info.size_filename > NAME_MAX_BYTES)
        return TRUE; /* not written by PyTorch */
    entry.size = info.uncompressed_size;
    entry.crc = info.crc;
    entry.name = cnx_strings_copy(a->names, name, strlen(name));
    if (!entry.name || !cnx_grow((gpointer *)&a->entries, a->count, &a->room, sizeof *a->entries,
                                 cnx_container_budget(a->container)))
        return fail_archive(a, CNX_ERROR_OUT_OF_MEMORY, "not enough memory for the zip directory");
    a->entries[a->count++] = entry;
    return TRUE;
}

static gboolean read_directory(Archive *a)
{
    zlib_filefunc64_def functions = {zip_open, zip_read, NULL,     zip_tell,
                                     zip_seek, zip_done, zip_done, a};
    int status;

    a->zip = unzOpen2_64("", &functions);
    if (!a->zip)
        return cnx_corrupt(a->error, a->file,
                           "is a zip archive without a central directory, probably a truncated "
                           "PyTorch checkpoint: download it again");
    for (status = unzGoToFirstFile(a->zip); status == UNZ_OK; status = unzGoToNextFile(a->zip))
        if (!add_entry(a))
            return FALSE;
    if (status != UNZ_END_OF_LIST_OF_FILE)
        return cnx_corrupt(a->error, a->file, "is a zip archive with a damaged central directory");
    if (a->count)
        qsort(a->entries, a->count, sizeof *a->entries, compare_names);
    for (gsize i = 1; i < a->count; i++)
        if (!compare_names(&a->entries[i - 1], &a->entries[i])) {
            g_autofree char *valid = g_utf8_make_valid(a->entries[i].name, -1);
            g_autofree char *name = cnx_quote(valid);

            return cnx_corrupt(a->error, a->file, "is a zip archive with two entries named %s",
                               name);
        }
    return TRUE;
}

/* Entries */

/* stored: raw deflate data [stored_size]. */
static gboolean inflate_entry(Archive *a, Entry *entry, const guint8 *stored, guint64 stored_size,
                              const char *name)
{
    z_stream z = {.next_in = (Bytef *)stored};
    guint64 in = stored_size, out = entry->size;
    int status = Z_OK;

    if (entry->size > cnx_container_budget(a->container)->left)
        return cnx_corrupt(a->error, a->file,
                           "entry %s of the zip archive inflates to %" G_GUINT64_FORMAT
                           " bytes, but only %" G_GSIZE_FORMAT
                           " bytes are left of the memory that a file of this size may take",
                           name, entry->size, cnx_container_budget(a->container)->left);
    guint8 *data = cnx_container_take_data(a->container, entry->size);
    if (!data || inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return fail_archive(a, CNX_ERROR_OUT_OF_MEMORY, "not enough memory to inflate its entries");
    for (z.next_out = data; status == Z_OK; in += z.avail_in, out += z.avail_out) {
        z.avail_in = (uInt)MIN(in, G_MAXINT);
        z.avail_out = (uInt)MIN(out, G_MAXINT);
        in -= z.avail_in;
        out -= z.avail_out;
        status = inflate(&z, Z_NO_FLUSH);
    }
    inflateEnd(&z);
    if (status != Z_STREAM_END || out ||
        crc32_z(crc32_z(0, NULL, 0), data, entry->size) != entry->crc)
        return cnx_corrupt(a->error, a->file, "entry %s of the zip archive cannot be inflated",
                           name);
    entry->data = data;
    return TRUE;
}

/* Sets the data of the entry that minizip has opened. */
static gboolean place_entry(Archive *a, Entry *entry, const char *name)
{
    ZPOS64_T at = unzGetCurrentFileZStreamPos64(a->zip);
    unz_file_info64 info;

    if (unzGetCurrentFileInfo64(a->zip, &info, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK ||
        at > a->size || info.compressed_size > a->size - at)
        return cnx_corrupt(a->error, a->file,
                           "entry %s of the zip archive extends beyond the end of the file", name);
    if (info.flag & 1)
        return fail_archive(a, CNX_ERROR_UNSUPPORTED, "is an encrypted zip archive");
    if (info.compression_method == Z_DEFLATED)
        return inflate_entry(a, entry, a->bytes + at, info.compressed_size, name);
    if (info.compression_method != 0)
        return fail_archive(a, CNX_ERROR_UNSUPPORTED,
                            "is a zip archive with a compression other than deflate: pack it again "
                            "without compression");
    if (info.compressed_size != entry->size)
        return cnx_corrupt(a->error, a->file,
                           "entry %s of the zip archive is uncompressed, but its two sizes differ",
                           name);
    entry->data = a->bytes + at;
    return TRUE;
}

/* Sets entry->data. */
static gboolean locate_entry(Archive *a, Entry *entry)
{
    g_autofree char *valid = g_utf8_make_valid(entry->name, -1);
    g_autofree char *name = cnx_quote(valid);

    if (entry->data)
        return TRUE;
    if (unzGoToFilePos64(a->zip, &entry->place) != UNZ_OK ||
        unzOpenCurrentFile2(a->zip, NULL, NULL, RAW_ENTRY) != UNZ_OK)
        return cnx_corrupt(a->error, a->file, "entry %s of the zip archive is damaged", name);
    gboolean ok = place_entry(a, entry, name);
    unzCloseCurrentFile(a->zip);
    return ok;
}

static gboolean find_storage(CnxPyStorage *storage, gpointer user_data, GError **error)
{
    Archive *a = user_data;
    g_autofree char *path = g_strconcat("data/", storage->key, NULL);
    Entry *entry = find_entry(a, path);

    g_autofree char *name = cnx_quote(path);
    if (!entry)
        return cnx_corrupt(a->error, a->file, "has no entry %s, which its tensors refer to", name);
    if (entry->size != storage->elements * storage->item)
        return cnx_corrupt(a->error, a->file,
                           "entry %s has %" G_GUINT64_FORMAT " bytes, expected %" G_GUINT64_FORMAT
                           " for its tensors",
                           name, entry->size, storage->elements * storage->item);
    if (!locate_entry(a, entry))
        return FALSE;
    storage->data = entry->data;
    return TRUE;
}

/* Kinds of archives by the suffix of an entry's name; the first match counts. NULL: PyTorch. */
static const struct {
    const char *suffix, *fault;
} kinds[] = {
    {"/constants.pkl", "is a TorchScript archive: save the state_dict() of the original model "
                       "instead"},
    {"/archive_format", "is a torch.export program: save the state_dict() of the original model "
                        "instead"},
    {".npy", "is a NumPy .npz archive, not a PyTorch checkpoint"},
    {"model.weights.h5", "is a Keras model, not a PyTorch checkpoint"},
    {".safetensors", "is a zip archive that contains a .safetensors file: unpack it first"},
    {".pth", "is a zip archive that contains a .pth file: unpack it first"},
    {".pt", "is a zip archive that contains a .pt file: unpack it first"},
    {".bin", "is a zip archive that contains a .bin file: unpack it first"},
    {"/data.pkl", NULL},
};

/* Sets a->prefix to the part before "data.pkl". */
static gboolean find_object(Archive *a)
{
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
        for (gsize i = 0; i < a->count; i++) {
            if (!g_str_has_suffix(a->entries[i].name, kinds[k].suffix))
                continue;
            if (kinds[k].fault)
                return fail_archive(a, CNX_ERROR_NOT_CONVNEXT, kinds[k].fault);
            a->prefix =
                g_strndup(a->entries[i].name, strlen(a->entries[i].name) - strlen("data.pkl"));
            return TRUE;
        }
    return fail_archive(a, CNX_ERROR_NOT_CONVNEXT,
                        "is a zip archive without a data.pkl, not a PyTorch checkpoint");
}

static gboolean check_order(Archive *a)
{
    Entry *order = find_entry(a, "byteorder");

    if (!order)
        return TRUE;
    if (!locate_entry(a, order))
        return FALSE;
    return (order->size == 6 && !memcmp(order->data, "little", 6)) ||
           fail_archive(a, CNX_ERROR_UNSUPPORTED,
                        "has big-endian data: save it again on a little-endian machine");
}

static gboolean read_object(Archive *a)
{
    Entry *object = find_entry(a, "data.pkl");

    if (!check_order(a) || !locate_entry(a, object))
        return FALSE;
    g_autoptr(CnxPickle) pickle = cnx_pickle_read(
        object->data, object->size, cnx_container_budget(a->container), a->file, a->error);
    return pickle && cnx_unwrap(a->container, pickle, find_storage, a, a->file, a->error);
}

static gboolean probe_zip(const guint8 *bytes, gsize size)
{
    return size >= 4 && !memcmp(bytes, "PK\3\4", 4);
}

static gboolean read_zip(CnxContainer *container, const guint8 *bytes, gsize size, const char *file,
                         GError **error)
{
    g_auto(Archive) a = {.bytes = bytes,
                         .size = size,
                         .file = file,
                         .names = cnx_strings_new(cnx_container_budget(container)),
                         .container = container,
                         .error = error};

    return read_directory(&a) && find_object(&a) && read_object(&a);
}

const CnxFormat cnx_format_torch_zip = {"PyTorch zip", probe_zip, read_zip};
