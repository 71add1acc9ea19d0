/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the user interface: only below the folder, with type, ETag and the page's headers. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/private.h"

static const char *type_of(const char *path)
{
    static const struct {
        const char *ext, *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".json", "application/json"},
                 {".svg", "image/svg+xml"},
                 {".png", "image/png"},
                 {".ico", "image/x-icon"},
                 {".woff2", "font/woff2"},
                 {".webmanifest", "application/manifest+json"},
                 {".txt", "text/plain; charset=utf-8"}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < KT_ARRAY_LEN(types); i++) {
        if (strcmp(dot, types[i].ext) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* No component may be "..", empty or begin with a dot. */
static bool plain_path(const char *p)
{
    if (*p != '/' || strchr(p, '\\')) {
        return false;
    }
    for (const char *c = p; c; c = strchr(c + 1, '/')) {
        if (c[1] == '.' || (c[1] == '/' && c != p)) {
            return false;
        }
    }
    return true;
}

static void page_headers(struct MHD_Response *resp, const char *path, const char *etag)
{
    bool hashed = strncmp(path, "/assets/", 8) == 0;
    MHD_add_response_header(resp, "Content-Type", type_of(path));
    MHD_add_response_header(resp, "ETag", etag);
    MHD_add_response_header(resp, "Cache-Control",
                            hashed ? "public, max-age=31536000, immutable" : "no-cache");
    MHD_add_response_header(
        resp, "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'");
    MHD_add_response_header(resp, "X-Frame-Options", "DENY");
    MHD_add_response_header(resp, "Referrer-Policy", "no-referrer");
}

/* "/" is the desk's page; a name without an ending is the page of that name: "/phone". */
static const char *page_of(const char *path, char *out, size_t n)
{
    if (strcmp(path, "/") == 0) {
        return "/index.html";
    }
    const char *last = strrchr(path, '/');
    if (!last || !last[1] || strchr(last, '.') || snprintf(out, n, "%s.html", path) >= (int)n) {
        return path;
    }
    return out;
}

void kt_http_static(struct kt_http_req *r, const char *dir)
{
    char full[1024], page[256];
    const char *path = page_of(r->path, page, sizeof(page));
    int fd = -1;
    struct stat st;
    if (plain_path(path) && snprintf(full, sizeof(full), "%s%s", dir, path) < (int)sizeof(full)) {
        fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0) {
            close(fd);
        }
        kt_http_reply(r, 404, "text/plain", KT_STR("not found\n"));
        return;
    }
    char etag[64];
    snprintf(etag, sizeof(etag), "\"%llx-%llx\"", (unsigned long long)st.st_size,
             (unsigned long long)st.st_mtim.tv_sec * 1000000000ull +
                 (unsigned long long)st.st_mtim.tv_nsec);
    const char *known = kt_http_header(r, "If-None-Match");
    bool same = known && strcmp(known, etag) == 0;
    struct MHD_Response *resp;
    if (same) {
        close(fd);
        resp = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    } else {
        resp = MHD_create_response_from_fd((uint64_t)st.st_size, fd);
    }
    KT_ASSERT(resp);
    page_headers(resp, path, etag);
    kt_http_respond(r, same ? 304 : 200, resp);
}
