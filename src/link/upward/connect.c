/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "link/upward/private.h"
#include "sys/file.h"

void upward_stream(const char *node, const char *gen, char stream[200], char subject[200])
{
    snprintf(stream, 200, "KT_%.100s_%.40s", node, gen);
    snprintf(subject, 200, "kuangtu.record.%.100s.%.40s", node, gen);
}

int upward_connect(const struct kt_site *site, const struct kt_link_conf *conf, const char *domain,
                   struct upward_nats **ret, struct kt_err *err)
{
    char url[400], path[900], password[512] = "";
    struct kt_buf b;
    int r = KT_OK;
    if (*conf->password_file) {
        kt_buf_init(&b, sizeof(password) - 1);
        snprintf(path, sizeof(path), "%.600s/%.255s", site->dir, conf->password_file);
        r = kt_file_read(path, sizeof(password) - 1, &b, err);
        kt_text_set(password, sizeof(password), kt_buf_cstr(&b));
        password[strcspn(password, "\r\n")] = '\0';
        kt_buf_done(&b);
    }
    snprintf(url, sizeof(url), "nats://%.255s:%d", conf->host, conf->port);
    struct upward_nats_opts o = {
        .url = url, .user = conf->user, .password = password, .domain = domain, .ca_file = ""};
    return r == KT_OK ? upward_nats_open(&o, ret, err) : r;
}
