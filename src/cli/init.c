/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu init: a new site folder, empty or copied from another. */
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "base/crypto.h"
#include "sys/file.h"

static const struct kt_option options[] = {
    {"from", "SITE", "copy this site (without its data and secrets) instead of a small sample"},
    {NULL, NULL, NULL},
};

/* The smallest site that runs: one place tree, one pushed point, what the program watches of
 * itself, one dispatcher. */
static const char sample_site[] =
    "# A Kuangtu site. The format is docs/site-format.md; `kuangtu check` explains every mistake.\n"
    "id: mysite\n"
    "name: {zh: 我的煤矿, en: My mine}\n"
    "mine_code: \"000000000000\"      # 12 digits, heads the files sent upward\n"
    "gas_class: high                # low, high or outburst\n"
    "utc_offset: \"+08:00\"\n"
    "crs: {epsg: 4547, name: CGCS2000 / 3-degree Gauss-Kruger CM 114E}\n"
    "packs: [core, gas]\n"
    "shifts:\n"
    "  - {id: night, name: {zh: 夜班, en: Night}, start: \"00:00\"}\n"
    "  - {id: day, name: {zh: 早班, en: Day}, start: \"08:00\"}\n"
    "  - {id: swing, name: {zh: 中班, en: Swing}, start: \"16:00\"}\n"
    "report_day: \"00:00\"\n"
    "listen: {http: \"127.0.0.1:8080\"}\n"
    "storage: {journal_days: 7, segment_mb: 32, reserve_mb: 16, history_days: {key: 730, normal: "
    "365, short: 31}}\n"
    "accounts: {idle_minutes: 30, lock_failures: 5, lock_minutes: 15, password_min: 10, log_days: "
    "183}\n"
    "links:\n"
    "  - {id: push, kind: push, producers: [{id: collector, token_file: secrets/collector.token, "
    "points: [\"*\"]}]}\n"
    "people:\n"
    "  - {id: dispatcher, name: {zh: 调度员, en: Dispatcher}, rights: [view, history.read, export, "
    "alarm.ack, alarm.shelve, output.open, output.close, card.write, handover, report.read], "
    "places: [mine]}\n";

static const char sample_places[] = "id,parent,kind,name,name_en,x,y,air_to,length_m\n"
                                    "mine,,mine,我的煤矿,My mine,,,,\n"
                                    "main-return,mine,main-return,总回风巷,Main return,,,,\n";

/* What the program watches of itself. */
#define SELF(what, zh, en) "KT-" what "," zh "," en ",,,self." what ",mine,,,,,,,,,,,,,,\n"
static const char sample_points[] =
    "id,name,name_en,kind,unit,role,place,range_lo,range_hi,resolution,deadband,class,link,address,"
    "scan_ms,x,y,feed,serves,two_person,tags\n"
    "T-main,总回风甲烷,Methane in the main "
    "return,analog,%CH4,ch4.main-return,main-return,0,4,0.01,0"
    ",key,push,,,,,,,,\n" SELF("queue", "待处理样本", "Samples waiting")
        SELF("lag", "处理滞后", "Lag of the engine")
            SELF("unacked", "未落盘时间", "Waiting to be safe on disk")
                SELF("held", "数据源受阻", "Producers held up")
                    SELF("disk", "磁盘剩余", "Room on the disk")
                        SELF("clock", "时钟偏差", "Clock against its source")
                            SELF("journal", "事件日志", "Journal")
                                SELF("history", "历史滞后", "History behind")
                                    SELF("backup", "距上次备份", "Since the last backup");
#undef SELF

static int write_text(const char *dir, const char *name, const char *text, size_t n,
                      struct kt_err *err)
{
    char path[700];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return kt_file_replace_mode(path, text, n, 0640, err);
}

static int write_token(const char *dir, const char *name, struct kt_err *err)
{
    char token[64], sub[650];
    kt_token(32, token);
    snprintf(sub, sizeof(sub), "%s/secrets", dir);
    int r = kt_dir_make(sub, err);
    if (r < 0) {
        return r;
    }
    char path[700];
    snprintf(path, sizeof(path), "%s/%s", sub, name);
    return kt_file_replace_mode(path, token, strlen(token), 0600, err);
}

static int write_sample(const char *dir, struct kt_err *err)
{
    int r = write_text(dir, "site.yaml", sample_site, sizeof(sample_site) - 1, err);
    if (r == KT_OK) {
        r = write_text(dir, "places.csv", sample_places, sizeof(sample_places) - 1, err);
    }
    if (r == KT_OK) {
        r = write_text(dir, "points.csv", sample_points, sizeof(sample_points) - 1, err);
    }
    return r == KT_OK ? write_token(dir, "collector.token", err) : r;
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0600;
}

enum { DEPTH_MAX = 8, FILE_MAX = 512 << 20 };

static int copy_tree(const char *from, const char *to, int depth, struct kt_err *err)
{
    struct kt_arena *arena = kt_arena_new(64u << 20);
    char **names;
    size_t n;
    int r = depth > DEPTH_MAX ? kt_err_set(err, KT_ELIMIT, "%s: folders too deep", from)
                              : kt_dir_make(to, err);
    if (r == KT_OK) {
        r = kt_dir_list(from, arena, &names, &n, err);
    }
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        bool skip = depth == 0 && (!strcmp(names[i], "data") || !strcmp(names[i], "drop") ||
                                   !strcmp(names[i], "secrets"));
        char *src = kt_arena_printf(arena, "%s/%s", from, names[i]);
        char *dst = kt_arena_printf(arena, "%s/%s", to, names[i]);
        if (skip) {
            continue;
        }
        if (is_dir(src)) {
            r = copy_tree(src, dst, depth + 1, err);
            continue;
        }
        struct kt_buf b;
        kt_buf_init(&b, FILE_MAX);
        r = kt_file_read(src, FILE_MAX, &b, err);
        if (r == KT_OK) {
            r = kt_file_replace_mode(dst, b.p ? b.p : "", b.n, mode_of(src), err);
        }
        kt_buf_done(&b);
    }
    kt_arena_free(arena);
    return r;
}

/* A table that somebody has put there already is not written over. */
static int is_free(const char *dir, struct kt_err *err)
{
    char **names;
    size_t n = 0;
    int r = KT_OK;
    struct kt_arena *arena = kt_arena_new(16u << 20);
    if (is_dir(dir)) {
        r = kt_dir_list(dir, arena, &names, &n, err);
    }
    for (size_t i = 0; r == KT_OK && i < n; i++) {
        if (strcmp(names[i], "data") != 0 && strcmp(names[i], "lost+found") != 0) {
            r = kt_err_set(err, KT_EEXIST,
                           "%s/%s exists already; nothing was changed: name a new folder", dir,
                           names[i]);
        }
    }
    kt_arena_free(arena);
    return r;
}

static int from_site(const char *from, struct kt_err *err)
{
    char yaml[700];
    snprintf(yaml, sizeof(yaml), "%s/site.yaml", from);
    return kt_file_exists(yaml)
               ? KT_OK
               : kt_err_set(err, KT_ENOTFOUND, "%s is no site folder: it has no site.yaml", from);
}

static int init(const struct kt_args *a)
{
    if (a->pos_n != 1) {
        return kt_usage(a, "name the folder to make");
    }
    struct kt_err err = {0};
    const char *from = kt_arg(a, "from");
    int r = is_free(a->pos[0], &err);
    r = r < 0 || !from ? r : from_site(from, &err);
    r = r < 0 ? r : kt_dir_make(a->pos[0], &err);
    if (r == KT_OK) {
        r = from ? copy_tree(from, a->pos[0], 0, &err) : write_sample(a->pos[0], &err);
    }
    if (r < 0) {
        return kt_fail(a, &err);
    }
    kt_done(a, "%s is made. Next: kuangtu check %s, then kuangtu serve %s", a->pos[0], a->pos[0],
            a->pos[0]);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_init = {
    .name = "init",
    .usage = "DIR [--from SITE]",
    .summary = "make a new site folder",
    .help = "Writes a small sample that runs, with a producer's token made at random in secrets/,\n"
            "or copies another site. Secrets are never copied: the new site gets its own.\n"
            "The folder is new or empty; what lies there is never written over.\n",
    .options = options,
    .run = init,
};
