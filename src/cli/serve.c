/* SPDX-License-Identifier: Apache-2.0 */
/* kuangtu serve: run a site until told to stop. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/node.h"

static const struct kt_option options[] = {
    {"listen", "HOST:PORT", "address, instead of the one in site.yaml"},
    {"packs", "DIR", "where the packs are (default: beside the program)"},
    {"ui", "DIR", "the built user interface (default: beside the program)"},
    {"node", "NAME", "name of this node among several (default: $KT_NODE, or the host's name)"},
    {"sim-clock", "HOST:PORT", "take time from the simulated plant; simulation sites only"},
    {"verbose", NULL, "log details for developers as well"},
    {NULL, NULL, NULL},
};

static void print_findings(const struct kt_findings *f)
{
    const struct kt_finding *one;
    for (size_t i = 0; (one = kt_findings_get(f, i)); i++) {
        char text[640];
        if (one->level != KT_FIND_NOTE) {
            fprintf(stderr, "%s: %s\n", kt_level_text(one->level),
                    kt_said(&one->at, text, sizeof(text)));
        }
    }
}

static void greet(const struct kt_node *n)
{
    printf("Kuangtu 矿图 is at %s\n", kt_node_url(n));
    if (kt_node_first_password(n)[0]) {
        printf("First start: log in as user \"admin\" with password \"%s\".\n"
               "It is shown only now; you will be asked to change it.\n",
               kt_node_first_password(n));
        if (kt_chinese()) {
            printf("首次启动：用户 admin，口令如上，只显示这一次；登录后须先修改。\n");
        }
    }
    fflush(stdout);
}

static void reload(struct kt_node *n)
{
    struct kt_err err = {0};
    struct kt_findings *f = kt_findings_new(1000);
    if (kt_node_reload(n, "signal", "SIGHUP", f, &err) < 0) {
        print_findings(f);
        KT_ERROR("site", "the folder was not loaded, the running site stays: %s", err.text);
    } else {
        KT_INFO("site", "loaded again");
    }
    kt_findings_free(f);
}

/* The same program, with the same arguments, in this process: whoever watches it sees no end. */
static void begin_again(const struct kt_args *a)
{
    fflush(NULL);
    execv("/proc/self/exe", a->argv);
    KT_ERROR("serve", "cannot begin again: %s", strerror(errno));
}

/* Its files are held: by the program that serves this folder, if it does. */
static void say_who_runs(const char *site_dir, struct kt_err *err)
{
    struct kt_running run;
    struct kt_err none;
    if (kt_running_find(site_dir, &run, &none) == KT_OK) {
        kt_err_set(err, KT_EBUSY,
                   "%s runs already, at %s (process %d); to load what was changed: kuangtu reload "
                   "%s",
                   site_dir, run.url, run.pid, site_dir);
    }
}

static int serve(const struct kt_args *a)
{
    if (a->pos_n != 1) {
        return kt_usage(a, "name one site folder");
    }
    umask(0077); /* what it writes is its own */
    if (kt_arg(a, "verbose")) {
        kt_log_set_level(KT_LOG_DEBUG);
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1); /* the node itself: it has to join the others anew */
    pthread_sigmask(SIG_BLOCK, &set, NULL);

    char packs[600], ui[600];
    struct kt_node_opts o = {
        .site_dir = a->pos[0],
        .pack_dir =
            kt_arg(a, "packs") ? kt_arg(a, "packs") : kt_share_dir(packs, sizeof(packs), "packs"),
        .ui_dir = kt_arg(a, "ui") ? kt_arg(a, "ui") : kt_share_dir(ui, sizeof(ui), "web/dist"),
        .listen = kt_arg(a, "listen"),
        .plant_clock = kt_arg(a, "sim-clock"),
        .node = kt_arg(a, "node"),
    };
    struct kt_err err = {0};
    struct kt_node *n;
    struct kt_findings *f = kt_findings_new(1000);
    int r = kt_data_own(a, a->pos[0], &err);
    r = r < 0 ? r : kt_node_start(&o, f, &n, &err);
    if (r == KT_EBUSY) {
        say_who_runs(a->pos[0], &err);
    }
    print_findings(f);
    kt_findings_free(f);
    if (r < 0) {
        return kt_fail(a, &err);
    }
    greet(n);
    int sig = 0;
    while (sigwait(&set, &sig) == 0 && sig == SIGHUP) {
        reload(n);
    }
    if (sig == SIGUSR1) {
        KT_WARN("serve", "beginning again to join the other nodes");
        kt_node_stop(n);
        begin_again(a);
        return KT_EXIT_FAILED;
    }
    KT_INFO("serve", "stopping");
    kt_node_stop(n);
    return KT_EXIT_OK;
}

const struct kt_verb kt_verb_serve = {
    .name = "serve",
    .usage = "SITE [--listen HOST:PORT] [--sim-clock HOST:PORT]",
    .summary = "run a site: connect, watch, record, serve the screens",
    .help =
        "Checks the site first and starts only when it has no error. Recovers by itself after a\n"
        "crash. Ctrl-C or SIGTERM stops cleanly, SIGHUP loads the folder again.\n\n"
        "  kuangtu serve /srv/mine\n"
        "  kuangtu serve sites/demo --sim-clock 127.0.0.1:15000\n",
    .options = options,
    .run = serve,
};
