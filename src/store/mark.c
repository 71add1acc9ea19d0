/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mark.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "conf/json.h"
#include "sys/file.h"

enum { MARK_BYTES = 1 << 16 };

static void mark_path(char to[PATH_MAX], const char *data_dir)
{
    snprintf(to, PATH_MAX, "%s/backup.json", data_dir);
}

int kt_backup_mark_read(const char *data_dir, struct kt_backup_mark *ret, struct kt_err *err)
{
    char path[PATH_MAX];
    struct kt_buf b;
    struct kt_json *root = NULL;
    mark_path(path, data_dir);
    kt_buf_init(&b, MARK_BYTES);
    int r = kt_file_read(path, MARK_BYTES, &b, err);
    if (r == KT_OK) {
        r = kt_json_parse((struct kt_str){b.p, b.n}, MARK_BYTES, &root, err);
    }
    kt_buf_done(&b);
    if (r < 0) {
        return r;
    }
    int64_t verified = 0, since = 0;
    bool good = kt_json_int(kt_json_get(root, "verified"), &verified) &&
                kt_json_int(kt_json_get(root, "since"), &since) && verified >= 0 && since > 0 &&
                verified < INT64_MAX / KT_MS && since < INT64_MAX / KT_MS;
    kt_json_free(root);
    if (!good) {
        return kt_err_set(err, KT_EPARSE, "%s does not say when the last copy was made; remove it",
                          path);
    }
    *ret = (struct kt_backup_mark){.verified = verified * KT_MS, .since = since * KT_MS};
    return KT_OK;
}

int kt_backup_mark_write(const char *data_dir, const struct kt_backup_mark *mark,
                         const char *folder, struct kt_err *err)
{
    char path[PATH_MAX];
    struct kt_buf b;
    struct stat st;
    mark_path(path, data_dir);
    kt_buf_init(&b, MARK_BYTES);
    struct kt_jw w = kt_jw_init(&b);
    kt_jw_obj(&w);
    kt_jw_kint(&w, "verified", mark->verified / KT_MS);
    kt_jw_kint(&w, "since", mark->since / KT_MS);
    kt_jw_kstr(&w, "folder", folder);
    kt_jw_obj_end(&w);
    int r = kt_file_replace_mode(path, b.p, b.n, 0600, err);
    kt_buf_done(&b);
    /* made by root: the program that owns the folder still has to read it */
    if (r == KT_OK && geteuid() == 0 && stat(data_dir, &st) == 0 &&
        chown(path, st.st_uid, st.st_gid) != 0) {
        r = kt_err_sys(err, "cannot give %s to the owner of its folder", path);
    }
    return r;
}
