/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/http_client.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/time.h"
#include "sys/proc.h"
#include "unit.h"

/* The peer tells its port on standard output; it ends with us. */
static const char server[] =
    "import http.server, threading\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    "    protocol_version = 'HTTP/1.1'\n"
    "    def log_message(self, *a): pass\n"
    "    def answer(self, status, body):\n"
    "        self.send_response(status)\n"
    "        self.send_header('Content-Length', str(len(body)))\n"
    "        self.end_headers()\n"
    "        if self.command != 'HEAD': self.wfile.write(body)\n"
    "    def any(self):\n"
    "        n = int(self.headers.get('Content-Length') or 0)\n"
    "        body = self.rfile.read(n)\n"
    "        if self.path == '/never': threading.Event().wait()\n"
    "        elif self.path == '/hang-up': self.close_connection = True\n"
    "        elif self.path == '/big': self.answer(200, b'x' * 100000)\n"
    "        elif self.path == '/port': self.answer(200, str(self.client_address[1]).encode())\n"
    "        elif self.path == '/away':\n"
    "            self.send_response(302)\n"
    "            self.send_header('Location', '/port')\n"
    "            self.send_header('Content-Length', '0')\n"
    "            self.end_headers()\n"
    "        elif self.path == '/none': self.answer(404, b'nothing here')\n"
    "        else:\n"
    "            h = self.headers\n"
    "            self.answer(200, ('%s %s type=%s mine=%s expect=%s body=' % (self.command, "
    "self.path, h.get('Content-Type'), h.get('X-Mine'), h.get('Expect'))).encode() + body)\n"
    "    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = any\n"
    "http.server.ThreadingHTTPServer.handle_error = lambda *a: None\n"
    "s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)\n"
    "s.daemon_threads = True\n"
    "print(s.server_address[1], flush=True)\n"
    "s.serve_forever()\n";

struct peer {
    pid_t pid;
    int port;
    struct kt_http_client *c;
    struct kt_buf body;
    struct kt_err err;
    int status;
};

static int start(struct peer *p)
{
    char *const argv[] = {"python3", "-S", "-c", (char *)server, NULL};
    int fd[2];
    char line[16] = {0};
    *p = (struct peer){0};
    if (pipe2(fd, O_CLOEXEC) != 0) {
        return KT_EIO;
    }
    int r = kt_proc_start(argv, NULL, fd[1], -1, &p->pid, &p->err);
    close(fd[1]);
    if (r == KT_OK) {
        FILE *f = fdopen(fd[0], "r");
        p->port = f && fgets(line, sizeof(line), f) ? (int)strtol(line, NULL, 10) : 0;
        CHECK(p->port > 0);
        fclose(f);
    } else {
        close(fd[0]);
    }
    p->c = kt_http_client_new();
    kt_buf_init(&p->body, 1 << 20);
    return r;
}

static void end(struct peer *p)
{
    kt_proc_stop(p->pid, 0);
    kt_http_client_free(p->c);
    kt_buf_done(&p->body);
}

static int ask(struct peer *p, const char *method, const char *path, const char *const *headers,
               const struct kt_str *body, int64_t timeout)
{
    char url[100];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", p->port, path);
    kt_buf_clear(&p->body);
    p->status = -1;
    return kt_http_client_do(p->c, method, url, headers, body, timeout, &p->status, &p->body,
                             &p->err);
}

static void methods(void)
{
    struct peer p;
    if (start(&p) == KT_ENOTFOUND) {
        SKIP("python3 is not installed");
    }
    const char *const mine[] = {"X-Mine: 7", "Content-Type: text/csv", NULL};
    struct kt_str body = KT_STR("a\0b");
    int64_t t = 20 * KT_SEC;
    CHECK_OK(ask(&p, "GET", "/x?y=1", NULL, NULL, t), &p.err);
    CHECK_INT(p.status, 200);
    CHECK_STR(kt_buf_cstr(&p.body), "GET /x?y=1 type=None mine=None expect=None body=");
    CHECK_OK(ask(&p, "POST", "/", mine, &body, t), &p.err);
    static const char want[] = "POST / type=text/csv mine=7 expect=None body=a\0b";
    CHECK(p.body.n == sizeof(want) - 1 && memcmp(p.body.p, want, p.body.n) == 0);
    CHECK_OK(ask(&p, "PUT", "/", NULL, NULL, t), &p.err);
    CHECK_STR(kt_buf_cstr(&p.body), "PUT / type=None mine=None expect=None body=");
    CHECK_OK(ask(&p, "DELETE", "/d", NULL, NULL, t), &p.err);
    CHECK(strncmp(kt_buf_cstr(&p.body), "DELETE /d ", 10) == 0);
    CHECK_OK(ask(&p, "HEAD", "/h", NULL, NULL, t), &p.err);
    CHECK(p.status == 200 && p.body.n == 0);
    CHECK_OK(ask(&p, "GET", "/none", NULL, NULL, t), &p.err);
    CHECK_INT(p.status, 404);
    CHECK_STR(kt_buf_cstr(&p.body), "nothing here");
    CHECK_OK(ask(&p, "GET", "/away", NULL, NULL, t), &p.err); /* redirects are not followed */
    CHECK_INT(p.status, 302);
    end(&p);
}

static void keeps_its_connection(void)
{
    struct peer p;
    if (start(&p) == KT_ENOTFOUND) {
        SKIP("python3 is not installed");
    }
    char first[16];
    CHECK_OK(ask(&p, "GET", "/port", NULL, NULL, 20 * KT_SEC), &p.err);
    snprintf(first, sizeof(first), "%s", kt_buf_cstr(&p.body));
    struct kt_str body = KT_STR("x");
    CHECK_OK(ask(&p, "POST", "/", NULL, &body, 20 * KT_SEC), &p.err);
    CHECK_OK(ask(&p, "GET", "/port", NULL, NULL, 20 * KT_SEC), &p.err);
    CHECK_STR(kt_buf_cstr(&p.body), first);
    end(&p);
}

static void failures(void)
{
    struct peer p;
    if (start(&p) == KT_ENOTFOUND) {
        SKIP("python3 is not installed");
    }
    CHECK_INT(ask(&p, "GET", "/never", NULL, NULL, 50 * KT_MS), KT_ETIMEOUT);
    CHECK_INT(p.status, -1);
    CHECK(strstr(p.err.text, "/never") != NULL);
    CHECK_INT(ask(&p, "GET", "/hang-up", NULL, NULL, 20 * KT_SEC), KT_EIO);
    kt_buf_done(&p.body);
    kt_buf_init(&p.body, 1000);
    CHECK_INT(ask(&p, "GET", "/big", NULL, NULL, 20 * KT_SEC), KT_ELIMIT);
    CHECK_INT(p.body.n, 0);
    CHECK_OK(ask(&p, "GET", "/port", NULL, NULL, 20 * KT_SEC), &p.err); /* still usable */
    kt_proc_stop(p.pid, 0);
    p.pid = 0;
    CHECK_INT(ask(&p, "GET", "/port", NULL, NULL, 20 * KT_SEC), KT_EIO);
    CHECK_INT(kt_http_client_do(p.c, "GET", "file:///etc/passwd", NULL, NULL, KT_SEC, &p.status,
                                &p.body, &p.err),
              KT_EINVAL);
    end(&p);
}

UNIT_MAIN({"methods, headers, bodies", methods}, {"keeps its connection", keeps_its_connection},
          {"failures are told", failures})
