/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mail.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "sys/http_client.h"

enum { LINE = 57 }; /* bytes of a line of 76 characters of base64 */

/* Base64 in lines: the only form that every server takes for any text. */
static void put_folded(struct kt_buf *b, const char *text)
{
    for (size_t n = strlen(text), i = 0; i < n; i += LINE) {
        kt_base64_encode(text + i, n - i < LINE ? n - i : LINE, b);
        kt_buf_puts(b, "\r\n");
    }
}

static void write_message(const struct kt_mail *m, struct kt_buf *b)
{
    char date[64] = "";
    time_t s = (time_t)(m->at / KT_SEC);
    struct tm tm;
    if (gmtime_r(&s, &tm)) {
        (void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
    }
    kt_buf_printf(b, "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%lld.%s>\r\n", date,
                  m->from, m->to, (long long)m->at, m->from);
    kt_buf_puts(b, "Subject: =?utf-8?B?");
    kt_base64_encode(m->subject, strlen(m->subject), b);
    kt_buf_puts(b, "?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n"
                   "X-Priority: 1\r\n\r\n");
    put_folded(b, m->text);
}

struct reader {
    const struct kt_buf *b;
    size_t at;
};

static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
    struct reader *r = arg;
    size_t most = size * n, left = r->b->n - r->at;
    most = most < left ? most : left;
    memcpy(to, r->b->p + r->at, most);
    r->at += most;
    return most;
}

static void set_up(CURL *c, const struct kt_mail *m, char url[300])
{
    bool tls = strcmp(m->tls, "tls") == 0;
    (void)snprintf(url, 300, "%s://%.200s:%d", tls ? "smtps" : "smtp", m->host, m->port);
    (void)curl_easy_setopt(c, CURLOPT_URL, url);
    (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(m->timeout_ns / KT_MS));
    (void)curl_easy_setopt(c, CURLOPT_MAIL_FROM, m->from);
    if (strcmp(m->tls, "none") != 0) {
        (void)curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    }
    if (*m->user) {
        (void)curl_easy_setopt(c, CURLOPT_USERNAME, m->user);
        (void)curl_easy_setopt(c, CURLOPT_PASSWORD, m->password);
    }
}

static bool plain(const char *address)
{
    size_t n = strlen(address);
    const char *at = strchr(address, '@');
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)address[i] <= ' ' || strchr("<>,;\"\\", address[i])) {
            return false;
        }
    }
    return at && at > address && at[1] && n < 255;
}

int kt_mail_send(const struct kt_mail *m, struct kt_err *err)
{
    char url[300], why[CURL_ERROR_SIZE] = "";
    struct kt_buf b;
    if (!plain(m->from) || !plain(m->to)) {
        return kt_err_set(err, KT_EINVAL, "no mail address: one is NAME@HOST");
    }
    kt_http_client_free(kt_http_client_new()); /* libcurl is begun once, there */
    struct reader in = {&b, 0};
    CURL *c = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, m->to);
    KT_ASSERT(c && to);
    kt_buf_init(&b, 1u << 20);
    write_message(m, &b);
    set_up(c, m, url);
    (void)curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
    (void)curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
    (void)curl_easy_setopt(c, CURLOPT_READDATA, &in);
    (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    CURLcode r = curl_easy_perform(c);
    curl_slist_free_all(to);
    curl_easy_cleanup(c);
    kt_buf_done(&b);
    if (r == CURLE_OK) {
        return KT_OK;
    }
    return kt_err_set(err, r == CURLE_OPERATION_TIMEDOUT ? KT_ETIMEOUT : KT_EIO,
                      "the mail server %s:%d: %.160s", m->host, m->port,
                      *why ? why : curl_easy_strerror(r));
}
