/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_SETTINGS_H
#define KT_CONF_SETTINGS_H
/*
 * settings: one table of the scalar settings of site.yaml, from which they are read and checked and
 * from which the sample file and the manual are printed.
 *
 * A name is a path of keys with dots: `storage.journal_days`.   Threads: reading one at a time.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "conf/yaml.h"

enum kt_setting_type {
    KT_SETTING_BOOL,
    KT_SETTING_INT,
    KT_SETTING_TEXT,
    KT_SETTING_CHOICE,  /* one of the words of `choices` */
    KT_SETTING_CLOCK,   /* "hh:mm"; the number is seconds after midnight */
    KT_SETTING_OFFSET,  /* "+hh:mm"; the number is seconds east of UTC */
    KT_SETTING_ADDRESS, /* "host:port" */
    KT_SETTING_FILE,    /* path inside the site folder: relative, without ".." */
};

/*
 * X(symbol, name, type, required, default, lo, hi, unit, choices, zh, en)
 * lo and hi bound the number; for texts the length in bytes.
 */
#define KT_SETTING_LIST(X)                                                                         \
    X(ID, "id", TEXT, true, "", 1, 63, "", NULL, "站点标识，ASCII", "id of the site, ASCII")       \
    X(SIMULATION, "simulation", BOOL, false, "false", 0, 1, "", NULL,                              \
      "是否为演示站点；只有演示站点可以使用仿真时钟",                                              \
      "a demonstration; only such a site may run on the plant's clock")                            \
    X(MINE_CODE, "mine_code", TEXT, false, "", 0, 12, "", NULL, "煤矿编码，12 位数字",             \
      "code of the mine, 12 digits, heads the mine files")                                         \
    X(GAS_CLASS, "gas_class", CHOICE, false, "low", 0, 0, "", "low high outburst",                 \
      "瓦斯等级：低瓦斯、高瓦斯、突出", "gas class: chooses rows of the methane table")            \
    X(UTC_OFFSET, "utc_offset", OFFSET, false, "+08:00", -18, 18, "h", NULL, "时区",               \
      "local time against UTC")                                                                    \
    X(CRS_EPSG, "crs.epsg", INT, false, "0", 0, 1000000, "", NULL,                                 \
      "坐标系 EPSG 编号；0 为本地网格", "EPSG code of the coordinate system; 0: a local grid")     \
    X(CRS_NAME, "crs.name", TEXT, false, "", 0, 200, "", NULL, "坐标系名称",                       \
      "name of the coordinate system")                                                             \
    X(REPORT_DAY, "report_day", CLOCK, false, "00:00", 0, 86399, "s", NULL, "报表日的起始时刻",    \
      "when the reporting day begins")                                                             \
    X(LISTEN_HTTP, "listen.http", ADDRESS, false, "127.0.0.1:8080", 0, 255, "", NULL,              \
      "HTTP 监听地址", "address of the HTTP server")                                               \
    X(LISTEN_HTTPS, "listen.https.address", ADDRESS, false, "", 0, 255, "", NULL,                  \
      "HTTPS 监听地址；空为不开", "address of the HTTPS server; empty: none")                      \
    X(TLS_CERT, "listen.https.cert", FILE, false, "", 0, 255, "", NULL, "TLS 证书文件",            \
      "file of the TLS certificate")                                                               \
    X(TLS_KEY, "listen.https.key", FILE, false, "", 0, 255, "", NULL, "TLS 私钥文件",              \
      "file of the TLS private key")                                                               \
    X(JOURNAL, "journal", TEXT, false, "file", 1, 500, "", NULL,                                   \
      "日志所在：file 为单机；etcd://主机:端口,…/前缀 为双机热备",                                 \
      "where the journal is: file, or etcd://host:port,…/PREFIX for several nodes")                \
    X(SHARDS, "shards", TEXT, false, "", 0, 500, "", NULL,                                         \
      "多节点分担各矿：etcd://主机:端口,…/前缀；空为不分担",                                       \
      "where mines are divided over nodes: etcd://host:port,…/PREFIX; empty: all are here")        \
    X(CLUSTER_TTL, "cluster.lease", INT, false, "3", 2, 30, "s", NULL,                             \
      "主用租约时长；主用失联后备用在此后接管",                                                    \
      "the active node's lease; after it another node takes over")                                 \
    X(CLUSTER_KEEP_MB, "cluster.keep_mb", INT, false, "512", 4, 6144, "MiB", NULL,                 \
      "为离线节点在 etcd 中保留的日志量；超过后该节点须重新加入",                                  \
      "kept in etcd for a node that is away; beyond it, it has to join anew")                      \
    X(CLUSTER_KEEP_HOURS, "cluster.keep_hours", INT, false, "24", 1, 720, "h", NULL,               \
      "为离线节点保留日志的时间", "how long events are kept for a node that is away")              \
    X(CLUSTER_QUOTA_MB, "cluster.quota_mb", INT, false, "2048", 16, 8192, "MiB", NULL,             \
      "etcd 的数据库配额（--quota-backend-bytes）", "quota of etcd's database, as etcd was given") \
    X(JOURNAL_DAYS, "storage.journal_days", INT, false, "7", 1, 3650, "d", NULL,                   \
      "原始样本在日志中保留的天数", "days that raw samples stay in the journal")                   \
    X(SEGMENT_MB, "storage.segment_mb", INT, false, "32", 1, 1024, "MiB", NULL, "日志分段大小",    \
      "size of a journal segment")                                                                 \
    X(RESERVE_MB, "storage.reserve_mb", INT, false, "16", 1, 4096, "MiB", NULL,                    \
      "磁盘写满时为重要事件预留的空间",                                                            \
      "room kept for events of consequence when the disk is full")                                 \
    X(HISTORY_KEY, "storage.history_days.key", INT, false, "730", 1, 36500, "d", NULL,             \
      "关键测点历史保留天数", "days of history of key points")                                     \
    X(HISTORY_NORMAL, "storage.history_days.normal", INT, false, "365", 1, 36500, "d", NULL,       \
      "一般测点历史保留天数", "days of history of normal points")                                  \
    X(HISTORY_SHORT, "storage.history_days.short", INT, false, "31", 1, 36500, "d", NULL,          \
      "短期测点历史保留天数", "days of history of short points")                                   \
    X(VICTORIA_URL, "storage.victoria.url", TEXT, false, "", 0, 255, "", NULL,                     \
      "长期历史：VictoriaMetrics 的地址；空为不用",                                                \
      "long history: address of VictoriaMetrics; empty: none")                                     \
    X(VICTORIA_READ_URL, "storage.victoria.read_url", TEXT, false, "", 0, 255, "", NULL,           \
      "集群中 vmselect 的地址；空为同一地址",                                                      \
      "of a cluster: the address of vmselect; empty: the same")                                    \
    X(VICTORIA_TENANT, "storage.victoria.tenant", TEXT, false, "", 0, 21, "", NULL,                \
      "集群的租户编号；空为单机版", "of a cluster: the tenant; empty: a single node")              \
    X(VICTORIA_USER, "storage.victoria.user", TEXT, false, "", 0, 63, "", NULL, "登录名",          \
      "user name")                                                                                 \
    X(VICTORIA_PASSWORD, "storage.victoria.password_file", FILE, false, "", 0, 255, "", NULL,      \
      "口令文件", "file of the password")                                                          \
    X(VICTORIA_TOKEN, "storage.victoria.token_file", FILE, false, "", 0, 255, "", NULL,            \
      "令牌文件", "file of a bearer token")                                                        \
    X(VICTORIA_CA, "storage.victoria.ca", FILE, false, "", 0, 255, "", NULL,                       \
      "签发其证书的机构证书；空为系统信任的机构",                                                  \
      "authority of its certificate; empty: those of the machine")                                 \
    X(VICTORIA_DAYS, "storage.victoria.local_days", INT, false, "0", 0, 36500, "d", NULL,          \
      "一般和短期测点在本机保留的天数；0 为按 history_days",                                       \
      "days that normal and short points stay on this machine too; 0: as history_days says")       \
    X(IDLE_MINUTES, "accounts.idle_minutes", INT, false, "30", 1, 480, "min", NULL,                \
      "多久没有请求后会话结束", "a session ends after so long without a request")                  \
    X(LOCK_FAILURES, "accounts.lock_failures", INT, false, "5", 3, 10, "", NULL,                   \
      "连续输错几次口令后锁定用户", "so many wrong passwords in a row lock a user")                \
    X(LOCK_MINUTES, "accounts.lock_minutes", INT, false, "15", 5, 1440, "min", NULL,               \
      "用户锁定多久", "for so long a user is locked")                                              \
    X(PASSWORD_MIN, "accounts.password_min", INT, false, "10", 8, 18, "", NULL,                    \
      "口令最少字符数，四类字符须有三类",                                                          \
      "characters that a password has at least, of three classes of four")                         \
    X(LOGINS_PER_MINUTE, "accounts.logins_per_minute", INT, false, "120", 10, 100000, "1/min",     \
      NULL, "每个地址每分钟最多登录次数", "logins from one address in a minute")                   \
    X(QUERIES_PER_MINUTE, "accounts.queries_per_minute", INT, false, "1200", 10, 1000000, "1/min", \
      NULL, "每个会话每分钟最多检索、查询和导出次数",                                              \
      "searches, queries and exports of one session in a minute")                                  \
    X(REQUESTS_PER_MINUTE, "accounts.requests_per_minute", INT, false, "6000", 60, 1000000,        \
      "1/min", NULL, "每个会话每分钟最多的其他请求数；报警确认和控制命令不计",                     \
      "other requests of one session in a minute; acknowledgements and commands do not count")     \
    X(LOG_DAYS, "accounts.log_days", INT, false, "183", 183, 3650, "d", NULL,                      \
      "访问日志保留天数，不少于六个月", "days of access log; not under six months")

enum kt_setting_id {
#define X(sym, ...) KT_SETTING_##sym,
    KT_SETTING_LIST(X)
#undef X
        KT_SETTINGS
};

struct kt_setting {
    const char *name;
    enum kt_setting_type type;
    bool required;
    const char *def; /* as it would be written */
    int64_t lo, hi;
    const char *unit, *choices, *zh, *en;
};
const struct kt_setting *kt_setting(enum kt_setting_id id);

struct kt_setting_value {
    const char *text; /* as written, or the default; in the arena */
    int64_t number;   /* BOOL, INT, CLOCK, OFFSET; index of the word for CHOICE */
    bool given;
    int line, col; /* where it stands; 0 when not given */
};
struct kt_settings {
    struct kt_setting_value v[KT_SETTINGS];
};

/** Read all settings from the root of site.yaml. Mistakes go to the root's problems and leave the
 *  default. The keys are marked as used; kt_yaml_unknown() on the root and the sub-maps is called
 *  here for `crs`, `listen`, `storage` and below, and by the caller for the root. */
void kt_settings_read(const struct kt_yaml *root, struct kt_arena *arena, struct kt_settings *ret);

/** A sample site.yaml with every setting at its default and its text as a comment. lang "zh" or
 * "en" */
void kt_settings_sample(struct kt_buf *out, const char *lang);
/** A Markdown table of name, type, default, range, unit, text. */
void kt_settings_manual(struct kt_buf *out, const char *lang);
#endif
