/* SPDX-License-Identifier: Apache-2.0 */
/* Under which address other nodes reach this one's listener. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/node.h"

/* Host of HOST:PORT, without the brackets of an IPv6 address. */
static void host_of(const char *address, size_t n, char to[80])
{
    const char *colon = memrchr(address, ':', n);
    size_t len = colon ? (size_t)(colon - address) : n;
    if (len > 1 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    snprintf(to, 80, "%.*s", (int)(len < 79 ? len : 79), address);
}

bool kt_peer_reaches(const char *address)
{
    char host[80];
    host_of(address, strlen(address), host);
    return host[0] && strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0 &&
           strcmp(host, "localhost") != 0;
}

static bool any(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "*") == 0;
}

/* The address of this machine on the way to a host; nothing is sent. */
static bool own_address(const char *towards, char ret[80])
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list = NULL;
    struct sockaddr_storage own;
    socklen_t n = sizeof(own);
    if (getaddrinfo(towards, "9", &hints, &list) != 0) {
        return false;
    }
    int fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool found = fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0 &&
                 getsockname(fd, (struct sockaddr *)&own, &n) == 0 &&
                 getnameinfo((struct sockaddr *)&own, n, ret, 80, NULL, 0, NI_NUMERICHOST) == 0;
    if (fd >= 0) {
        close(fd);
    }
    freeaddrinfo(list);
    return found;
}

void kt_peer_url(const char *scheme, const char *address, unsigned port, const char *etcd,
                 char ret[160])
{
    char host[80], towards[80], own[80];
    host_of(address, strlen(address), host);
    const char *first = strstr(etcd, "://");
    if (any(host) && first) {
        host_of(first + 3, strcspn(first + 3, ",/"), towards);
        if (own_address(towards, own)) {
            memcpy(host, own, sizeof(host));
        }
    }
    bool v6 = strchr(host, ':') != NULL;
    snprintf(ret, 160, "%s://%s%s%s:%u", scheme, v6 ? "[" : "", host, v6 ? "]" : "", port);
}
