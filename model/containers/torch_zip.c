/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/torch_zip.h"

#include <stdlib.h>
#include <string.h>
#include <unzip.h>
#include <zlib.h>

#include "model/containers/foreign.h"
#include "model/containers/unwrap.h"

#define NAME_MAX_BYTES 511
#define AS_STORED 1     /* minizip's word for not inflating */
#define INFLATED_MAX 64 /* times the file's size: weights hardly shrink, bombs do */

typedef struct Entry {
    const char *name;
    unz64_file_pos place; /* in the directory */
    guint64 size;         /* bytes, uncompressed */
    uLong crc;            /* of data */
    const guint8 *data;   /* [size]; NULL until asked for */
} Entry;

typedef struct Archive {
    const guint8 *bytes;
    gsize size, at; /* at: where minizip reads next */
    const char *file;
    unzFile zip;
    CnxStrings *names;
    Entry *entries; /* [count], in the order of their names */
    gsize count, room;
    guint64 inflated; /* bytes of all entries that were */
    char *prefix;     /* "NAME/" */
    CnxContainer *container;
    GError **error;
} Archive;

static gboolean refuse(const Archive *a, CnxError code, const char *what)
{
    g_set_error(a->error, CNX_ERROR, (int)code, "%s: %s", a->file, what);
    return FALSE;
}

/* minizip's file: the mapping */

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

/* The directory */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

static int key_order(const void *name, const void *entry)
{
    return strcmp(name, ((const Entry *)entry)->name);
}

static Entry *find_entry(const Archive *a, const char *name)
{
    g_autofree char *path = g_strconcat(a->prefix, name, NULL);

    return bsearch(path, a->entries, a->count, sizeof *a->entries, key_order);
}

static gboolean add_entry(Archive *a)
{
    char name[NAME_MAX_BYTES + 1];
    unz_file_info64 info;
    Entry entry = {0};

    if (unzGetCurrentFileInfo64(a->zip, &info, name, sizeof name, NULL, 0, NULL, 0) != UNZ_OK ||
        unzGetFilePos64(a->zip, &entry.place) != UNZ_OK)
        return cnx_corrupt(a->error, a->file, "is a zip archive with a damaged directory");
    if (info.size_filename > NAME_MAX_BYTES)
        return TRUE; /* nothing of PyTorch's */
    entry.size = info.uncompressed_size;
    entry.crc = info.crc;
    entry.name = cnx_strings_copy(a->names, name, strlen(name));
    if (!entry.name || !cnx_grow((gpointer *)&a->entries, a->count, &a->room, sizeof *a->entries))
        return refuse(a, CNX_ERROR_OUT_OF_MEMORY, "not enough memory for the zip directory");
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
                           "is a zip archive, such as a PyTorch checkpoint, without the directory "
                           "at its end: it is truncated, download it again");
    for (status = unzGoToFirstFile(a->zip); status == UNZ_OK; status = unzGoToNextFile(a->zip))
        if (!add_entry(a))
            return FALSE;
    if (status != UNZ_END_OF_LIST_OF_FILE)
        return cnx_corrupt(a->error, a->file, "is a zip archive with a damaged directory");
    if (a->count)
        qsort(a->entries, a->count, sizeof *a->entries, by_name);
    for (gsize i = 1; i < a->count; i++)
        if (!by_name(&a->entries[i - 1], &a->entries[i])) {
            g_autofree char *valid = g_utf8_make_valid(a->entries[i].name, -1);
            g_autofree char *name = cnx_quote(valid);

            return cnx_corrupt(a->error, a->file, "is a zip archive with two entries %s", name);
        }
    return TRUE;
}

/* Entries */

/* stored: [stored_size], deflated without a header. */
static gboolean inflate_entry(Archive *a, Entry *entry, const guint8 *stored, guint64 stored_size,
                              const char *name)
{
    z_stream z = {.next_in = (Bytef *)stored};
    guint64 in = stored_size, out = entry->size;
    int status = Z_OK;

    if (entry->size > a->size * INFLATED_MAX - a->inflated)
        return cnx_corrupt(a->error, a->file,
                           "entry %s of the zip archive inflates to more than %d times the file",
                           name, INFLATED_MAX);
    a->inflated += entry->size;
    guint8 *data = cnx_strings_take(cnx_container_pool(a->container), entry->size);
    if (!data || inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return refuse(a, CNX_ERROR_OUT_OF_MEMORY, "not enough memory to inflate its entries");
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

/* The entry that minizip has opened. */
static gboolean place_entry(Archive *a, Entry *entry, const char *name)
{
    ZPOS64_T at = unzGetCurrentFileZStreamPos64(a->zip);
    unz_file_info64 info;

    if (unzGetCurrentFileInfo64(a->zip, &info, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK ||
        at > a->size || info.compressed_size > a->size - at)
        return cnx_corrupt(a->error, a->file, "entry %s of the zip archive reaches beyond the file",
                           name);
    if (info.flag & 1)
        return refuse(a, CNX_ERROR_UNSUPPORTED, "is an encrypted zip archive");
    if (info.compression_method == Z_DEFLATED)
        return inflate_entry(a, entry, a->bytes + at, info.compressed_size, name);
    if (info.compression_method != 0)
        return refuse(a, CNX_ERROR_UNSUPPORTED,
                      "is a zip archive compressed by something else than deflate: pack it again");
    if (info.compressed_size != entry->size)
        return cnx_corrupt(a->error, a->file, "entry %s of the zip archive has two sizes", name);
    entry->data = a->bytes + at;
    return TRUE;
}

/* Sets entry->data. */
static gboolean locate(Archive *a, Entry *entry)
{
    g_autofree char *valid = g_utf8_make_valid(entry->name, -1);
    g_autofree char *name = cnx_quote(valid);

    if (entry->data)
        return TRUE;
    if (unzGoToFilePos64(a->zip, &entry->place) != UNZ_OK ||
        unzOpenCurrentFile2(a->zip, NULL, NULL, AS_STORED) != UNZ_OK)
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
        return cnx_corrupt(a->error, a->file, "has no entry %s, which its tensors are in", name);
    if (entry->size != storage->elements * storage->item)
        return cnx_corrupt(a->error, a->file,
                           "entry %s has %" G_GUINT64_FORMAT
                           " bytes, its tensors expect %" G_GUINT64_FORMAT,
                           name, entry->size, storage->elements * storage->item);
    if (!locate(a, entry))
        return FALSE;
    storage->data = entry->data;
    return TRUE;
}

/* Archives of other programs, by the ends of their entries' names. */
static const struct {
    const char *end, *what;
} others[] = {
    {"/constants.pkl", "is a TorchScript archive: save the state_dict() of the model that was "
                       "scripted"},
    {"/archive_format", "is a program of torch.export: save the state_dict() of the model that was "
                        "exported"},
    {".npy", "is a NumPy .npz archive, not a checkpoint of PyTorch"},
    {"model.weights.h5", "is a Keras model, not a checkpoint of PyTorch"},
    {".safetensors", "is a zip archive with a .safetensors file in it: unpack it first"},
    {".pth", "is a zip archive with a .pth file in it: unpack it first"},
    {".pt", "is a zip archive with a .pt file in it: unpack it first"},
    {".bin", "is a zip archive with a .bin file in it: unpack it first"},
    {"/data.pkl", NULL},
};

/* Takes what is before "/data.pkl" as the archive's prefix. */
static gboolean find_object(Archive *a)
{
    for (guint k = 0; k < G_N_ELEMENTS(others); k++)
        for (gsize i = 0; i < a->count; i++) {
            if (!g_str_has_suffix(a->entries[i].name, others[k].end))
                continue;
            if (others[k].what)
                return refuse(a, CNX_ERROR_NOT_CONVNEXT, others[k].what);
            a->prefix =
                g_strndup(a->entries[i].name, strlen(a->entries[i].name) - strlen("data.pkl"));
            return TRUE;
        }
    return refuse(a, CNX_ERROR_NOT_CONVNEXT,
                  "is a zip archive without a data.pkl, so not one of PyTorch");
}

static gboolean check_order(Archive *a)
{
    Entry *order = find_entry(a, "byteorder");

    if (!order)
        return TRUE;
    if (!locate(a, order))
        return FALSE;
    return (order->size == 6 && !memcmp(order->data, "little", 6)) ||
           refuse(a, CNX_ERROR_UNSUPPORTED,
                  "holds big-endian numbers: save it again on a little-endian machine");
}

static gboolean read_object(Archive *a)
{
    Entry *object = find_entry(a, "data.pkl");

    if (!check_order(a) || !locate(a, object))
        return FALSE;
    CnxPickle *pickle = cnx_pickle_read(object->data, object->size, a->file, a->error);
    gboolean ok = pickle && cnx_unwrap(a->container, pickle, find_storage, a, a->file, a->error);
    cnx_pickle_free(pickle);
    return ok;
}

static gboolean probe(const guint8 *bytes, gsize size)
{
    return size >= 4 && !memcmp(bytes, "PK\3\4", 4);
}

static gboolean read_zip(CnxContainer *container, const guint8 *bytes, gsize size, const char *file,
                         GError **error)
{
    Archive a = {
        .bytes = bytes, .size = size, .file = file, .container = container, .error = error};

    a.names = cnx_strings_new(2 * size + 65536);
    gboolean ok = read_directory(&a) && find_object(&a) && read_object(&a);
    if (a.zip)
        unzClose(a.zip);
    cnx_strings_free(a.names);
    g_free(a.entries);
    g_free(a.prefix);
    return ok;
}

const CnxFormat cnx_format_torch_zip = {"PyTorch zip", probe, read_zip};
