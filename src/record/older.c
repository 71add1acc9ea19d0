/* SPDX-License-Identifier: Apache-2.0 */
#include "record/older.h"

#include <stdio.h>

#include "record/schema.h"
#include "sys/file.h"

/* 0: what was erased or is personal may lack its columns. */
enum { FORMAT = 1 };
#define IMAGE_MAX ((size_t)16 << 30)

static int version_of(struct kt_db *db, int64_t *ret, struct kt_err *err)
{
    int r = kt_db_int(db, "PRAGMA user_version", ret, err);
    return r == KT_OK && *ret > FORMAT
               ? kt_err_set(err, KT_EUNSUPPORTED,
                            "records.db has format %d, this program knows up to %d; use the newer "
                            "program",
                            (int)*ret, FORMAT)
               : r;
}

static int add_columns(struct kt_db *db, struct kt_err *err)
{
    static const struct {
        const char *table, *column, *sql;
    } more[] = {
        {"kt_attachment", "erased", "ALTER TABLE kt_attachment ADD COLUMN erased INTEGER"},
        {"kt_attachment", "about",
         "ALTER TABLE kt_attachment ADD COLUMN about TEXT; "
         "UPDATE kt_attachment SET name = NULL WHERE erased IS NOT NULL"},
        {"kt_fact", "body", "ALTER TABLE kt_fact ADD COLUMN body TEXT"},
        {"kt_fact", "erased", "ALTER TABLE kt_fact ADD COLUMN erased INTEGER"},
    };
    int r = KT_OK;
    for (size_t i = 0; r == KT_OK && i < KT_ARRAY_LEN(more); i++) {
        bool there = false;
        r = schema_has_column(db, more[i].table, more[i].column, &there, err);
        r = r == KT_OK && !there ? kt_db_exec(db, more[i].sql, err) : r;
    }
    return r;
}

int older_bring(struct kt_db *db, struct kt_err *err)
{
    char sql[200];
    int64_t version = 0;
    int r = version_of(db, &version, err);
    r = r == KT_OK ? kt_db_exec(db, schema_fixed, err) : r;
    if (r < 0 || version == FORMAT) {
        return r;
    }
    snprintf(sql, sizeof(sql),
             "CREATE INDEX IF NOT EXISTS kt_fact_body ON kt_fact(body) WHERE body IS NOT NULL; "
             "PRAGMA user_version = %d",
             FORMAT);
    r = add_columns(db, err);
    return r == KT_OK ? kt_db_exec(db, sql, err) : r;
}

/* ---- read without writing ---- */

static int is_present(struct kt_store *s, const struct kt_record_model *m, bool *ret,
                      struct kt_err *err)
{
    struct kt_db *db;
    struct kt_buf model;
    char hex[65];
    int64_t version = 0;
    int r = kt_store_read(s, &db, err);
    if (r < 0) {
        return r;
    }
    kt_buf_init(&model, 100);
    r = version_of(db, &version, err);
    r = r == KT_OK && m ? schema_meta(db, "model", &model, err) : r;
    if (r == KT_OK) {
        *ret = version == FORMAT &&
               (!m || strcmp(kt_buf_cstr(&model), kt_hash_hex(&m->hash, hex)) == 0);
    }
    kt_buf_done(&model);
    kt_store_read_done(s, db);
    return r;
}

static int bring_copy(const char *path, const struct kt_record_model *m, struct kt_err *err)
{
    struct kt_store *s;
    bool other;
    const struct kt_store_opts o = {.path = path};
    int r = kt_store_open(&o, &s, err);
    if (r < 0) {
        return r;
    }
    r = kt_db_begin(kt_store_writer(s), err);
    if (r == KT_OK) {
        r = m ? schema_apply(kt_store_writer(s), m, &other, err)
              : older_bring(kt_store_writer(s), err);
        r = r == KT_OK ? kt_db_commit(kt_store_writer(s), err) : r;
    }
    kt_store_close(s); /* rolls back what is left open; all of it is in the file then */
    return r;
}

static int image_of(struct kt_store *s, const struct kt_record_model *m, struct kt_buf *ret,
                    struct kt_err *err)
{
    char folder[512], copy[600];
    int r = kt_dir_temp("kuangtu-records", folder, sizeof(folder), err);
    if (r < 0) {
        return r;
    }
    snprintf(copy, sizeof(copy), "%s/records.db", folder);
    r = kt_store_backup(s, copy, err);
    r = r == KT_OK ? bring_copy(copy, m, err) : r;
    r = r == KT_OK ? kt_file_read(copy, IMAGE_MAX, ret, err) : r;
    kt_dir_remove(folder);
    return r;
}

int older_open(const char *dir, const struct kt_record_model *m, struct kt_store **ret,
               struct kt_err *err)
{
    char path[600];
    struct kt_buf image;
    struct kt_store *s;
    bool present = false;
    snprintf(path, sizeof(path), "%s/records.db", dir);
    struct kt_store_opts o = {.path = path, .read_only = true};
    int r = kt_store_open(&o, &s, err);
    if (r < 0) {
        return r;
    }
    r = is_present(s, m, &present, err);
    if (r == KT_OK && present) {
        *ret = s;
        return KT_OK;
    }
    kt_buf_init(&image, IMAGE_MAX);
    r = r == KT_OK ? image_of(s, m, &image, err) : r;
    kt_store_close(s);
    o.image = &image;
    r = r == KT_OK ? kt_store_open(&o, ret, err) : r;
    kt_buf_done(&image);
    return r;
}
