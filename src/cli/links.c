/* SPDX-License-Identifier: Apache-2.0 */
/* All links of a site: started, stopped and described in one place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/node.h"
#include "cluster/shards.h"
#include "link/minefile/minefile.h"
#include "link/modbus/modbus.h"
#include "link/mqtt/mqtt.h"
#include "link/upward/upward.h"
#include "link/notify/notify.h"
#include "link/snmp/snmp.h"
#include "link/voice/voice.h"

struct one {
    void *link; /* of the kind below; NULL: did not start, or push or camera, which node.c starts */
    char failed[200];
};

struct kt_links {
    struct kt_site *site;
    struct one *links;
    struct kt_shards *shards; /* NULL: mines are not divided, or cannot be: then none starts */
};

/* Links of kind mine, in their order, are the names that are divided. */
static int start_shards(struct kt_links *l, const char *node, const char *url, struct kt_err *err)
{
    const struct kt_site *site = l->site;
    const char **names = calloc(site->links_n + 1, sizeof(*names));
    uint32_t n = 0;
    KT_ASSERT(names);
    for (uint32_t i = 0; i < site->links_n; i++) {
        if (site->links[i].kind == KT_LINK_MINE) {
            names[n++] = site->links[i].id;
        }
    }
    const struct kt_shards_opts o = {.address = site->shards,
                                     .node = node,
                                     .url = url,
                                     .names = names,
                                     .names_n = n,
                                     .ttl_ns = site->cluster.ttl_s * KT_SEC};
    int r = *site->shards && n ? kt_shards_start(&o, &l->shards, err) : KT_OK;
    free(names);
    return r;
}

static uint32_t shard_of(const struct kt_site *site, uint32_t link)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < link; i++) {
        n += site->links[i].kind == KT_LINK_MINE;
    }
    return n;
}

static int start_one(struct kt_runtime *rt, const char *data_dir, const struct kt_links *l,
                     uint32_t i, void **ret, struct kt_err *err)
{
    struct kt_site *site = l->site;
    struct kt_modbus *modbus;
    struct kt_mqtt *mqtt;
    struct kt_minefile *minefile;
    struct kt_upward *upward;
    struct kt_mine *mine;
    struct kt_voice *voice;
    struct kt_notify *notify;
    struct kt_snmp *snmp;
    int r = KT_OK;
    switch (site->links[i].kind) {
    case KT_LINK_MODBUS:
        r = kt_modbus_start(rt, site, i, &modbus, err);
        *ret = r < 0 ? NULL : modbus;
        return r;
    case KT_LINK_MQTT:
        r = kt_mqtt_start(rt, site, i, &mqtt, err);
        *ret = r < 0 ? NULL : mqtt;
        return r;
    case KT_LINK_MINEFILE:
        r = kt_minefile_start(rt, site, i, &minefile, err);
        *ret = r < 0 ? NULL : minefile;
        return r;
    case KT_LINK_UPWARD:
        r = kt_upward_start(rt, site, i, &upward, err);
        *ret = r < 0 ? NULL : upward;
        return r;
    case KT_LINK_MINE:
        r = kt_mine_start(rt, site, i, l->shards, shard_of(site, i), &mine, err);
        *ret = r < 0 ? NULL : mine;
        return r;
    case KT_LINK_SIP:
        r = kt_voice_start(rt, data_dir, site, i, &voice, err);
        *ret = r < 0 ? NULL : voice;
        return r;
    case KT_LINK_SMS:
    case KT_LINK_MAIL:
        r = kt_notify_start(rt, site, i, &notify, err);
        *ret = r < 0 ? NULL : notify;
        return r;
    case KT_LINK_SNMP:
        r = kt_snmp_start(rt, site, i, &snmp, err);
        *ret = r < 0 ? NULL : snmp;
        return r;
    case KT_LINK_PUSH:
    case KT_LINK_CAMERA:
        break;
    }
    *ret = NULL;
    return KT_OK;
}

struct kt_links *kt_links_start(struct kt_runtime *rt, const char *data_dir, struct kt_site *site,
                                const char *node, const char *url)
{
    struct kt_links *l = calloc(1, sizeof(*l));
    KT_ASSERT(l);
    l->site = kt_site_ref(site);
    l->links = calloc(site->links_n ? site->links_n : 1, sizeof(*l->links));
    KT_ASSERT(l->links);
    struct kt_err why = {0};
    if (start_shards(l, node, url, &why) < 0) {
        KT_ERROR("shards", "no mine is worked on here: %s", why.text);
    }
    for (uint32_t i = 0; i < site->links_n; i++) {
        struct kt_err err = {0};
        if (start_one(rt, data_dir, l, i, &l->links[i].link, &err) < 0) {
            KT_ERROR("link", "%s did not start: %s", site->links[i].id, err.text);
            snprintf(l->links[i].failed, sizeof(l->links[i].failed), "%.190s", err.text);
        }
    }
    return l;
}

void kt_links_stop(struct kt_links *l)
{
    if (!l) {
        return;
    }
    for (uint32_t i = 0; i < l->site->links_n; i++) {
        void *link = l->links[i].link;
        switch (l->site->links[i].kind) {
        case KT_LINK_MODBUS:
            kt_modbus_stop(link);
            break;
        case KT_LINK_MQTT:
            kt_mqtt_stop(link);
            break;
        case KT_LINK_MINEFILE:
            kt_minefile_stop(link);
            break;
        case KT_LINK_UPWARD:
            kt_upward_stop(link);
            break;
        case KT_LINK_MINE:
            kt_mine_stop(link);
            break;
        case KT_LINK_SIP:
            kt_voice_stop(link);
            break;
        case KT_LINK_SMS:
        case KT_LINK_MAIL:
            kt_notify_stop(link);
            break;
        case KT_LINK_SNMP:
            kt_snmp_stop(link);
            break;
        case KT_LINK_PUSH:
        case KT_LINK_CAMERA:
            break;
        }
    }
    kt_shards_stop(l->shards);
    free(l->links);
    kt_site_unref(l->site);
    free(l);
}

static void state_of(const struct kt_links *l, struct kt_push *push, struct kt_cameras *cameras,
                     uint32_t i, struct kt_link_state *ret)
{
    void *link = l->links[i].link;
    *ret = (struct kt_link_state){0};
    snprintf(ret->text, sizeof(ret->text), "%.150s", l->links[i].failed);
    if (l->site->links[i].kind == KT_LINK_PUSH) {
        kt_push_state(push, l->site->links[i].id, ret);
    } else if (l->site->links[i].kind == KT_LINK_CAMERA) {
        kt_cameras_state(cameras, ret);
    } else if (!link) {
        return;
    } else if (l->site->links[i].kind == KT_LINK_MODBUS) {
        kt_modbus_state(link, ret);
    } else if (l->site->links[i].kind == KT_LINK_MQTT) {
        kt_mqtt_state(link, ret);
    } else if (l->site->links[i].kind == KT_LINK_UPWARD) {
        kt_upward_state(link, ret);
    } else if (l->site->links[i].kind == KT_LINK_MINE) {
        kt_mine_state(link, ret);
    } else if (l->site->links[i].kind == KT_LINK_SIP) {
        kt_voice_state(link, ret);
    } else if (l->site->links[i].kind == KT_LINK_SNMP) {
        kt_snmp_state(link, ret);
    } else if (l->site->links[i].kind >= KT_LINK_SMS) {
        kt_notify_state(link, ret);
    } else {
        kt_minefile_state(link, ret);
    }
}

bool kt_links_followed(const struct kt_links *l)
{
    for (uint32_t i = 0; i < l->site->links_n; i++) {
        if (l->site->links[i].kind == KT_LINK_MODBUS && l->links[i].link &&
            kt_modbus_owes(l->links[i].link)) {
            return false;
        }
    }
    return true;
}

void kt_links_shards_json(struct kt_links *l, struct kt_jw *w)
{
    if (l && l->shards) {
        kt_shards_json(l->shards, w);
    } else {
        kt_jw_null(w);
    }
}

void kt_links_url(struct kt_links *l, const char *url)
{
    if (l && l->shards) {
        kt_shards_url(l->shards, url);
    }
}

int kt_links_mine_at(struct kt_links *l, const char *mine, char node[CORE_NAME], char url[CORE_URL],
                     struct kt_err *err)
{
    uint32_t nth = 0;
    for (uint32_t i = 0; i < l->site->links_n; i++) {
        bool is = l->site->links[i].kind == KT_LINK_MINE;
        if (is && strcmp(l->site->links[i].id, mine) == 0) {
            if (*l->site->shards && !l->shards) {
                return kt_err_set(err, KT_ENODE,
                                  "this node takes no part in the region's division");
            }
            node[0] = url[0] = '\0';
            return l->shards ? kt_shards_at(l->shards, nth, node, url, err) : KT_OK;
        }
        nth += is;
    }
    return kt_err_set(err, KT_ENOTFOUND, "no mine is called \"%.60s\"", mine);
}

bool kt_links_peer_secret(struct kt_links *l, char ret[65])
{
    return l->shards && kt_shards_secret(l->shards, ret);
}

void kt_links_json(struct kt_links *l, struct kt_push *push, struct kt_cameras *cameras,
                   struct kt_buf *out)
{
    static const char *const kinds[] = {"modbus", "mqtt", "push", "minefile", "upward", "mine",
                                        "camera", "sip",  "sms",  "mail",     "snmp"};
    struct kt_jw w = kt_jw_init(out);
    for (uint32_t i = 0; i < l->site->links_n; i++) {
        struct kt_link_state st;
        state_of(l, push, cameras, i, &st);
        kt_jw_obj(&w);
        kt_jw_kstr(&w, "id", l->site->links[i].id);
        kt_jw_kstr(&w, "kind", kinds[l->site->links[i].kind]);
        kt_jw_kbool(&w, "up", st.up);
        kt_jw_kint(&w, "since", st.since / KT_MS);
        kt_jw_kint(&w, "last", st.last_data / KT_MS);
        kt_jw_kint(&w, "reads", (int64_t)st.reads);
        kt_jw_kint(&w, "errors", (int64_t)st.errors);
        kt_jw_kint(&w, "reconnects", (int64_t)st.reconnects);
        kt_jw_kint(&w, "samples", (int64_t)st.samples);
        kt_jw_kint(&w, "writes", (int64_t)st.writes);
        kt_jw_kstr(&w, "text", st.text);
        if (l->site->links[i].kind == KT_LINK_PUSH) {
            kt_jw_key(&w, "producers");
            kt_push_producers(push, l->site->links[i].id, &w);
        }
        kt_jw_obj_end(&w);
    }
}
