/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kuangtu-sim-camera [--port N] [--h265] [--gop N] [--size WxH] [--password] NAME…: an RTSP server
 * with a moving test picture at /NAME, for tests, benches and the demonstration. Prints its port.
 * --check: are the plug-ins for it here?
 */
#include <gst/rtsp-server/rtsp-server.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf {
    int port, gop, width, height;
    bool h265;
};

static void add_camera(GstRTSPMountPoints *mounts, const struct conf *c, const char *name, int nth)
{
    static const char *const patterns[] = {"ball", "smpte", "circular", "pinwheel", "spokes"};
    char launch[1024], path[128];
    snprintf(launch, sizeof(launch),
             "( videotestsrc is-live=true pattern=%s horizontal-speed=3 ! "
             "video/x-raw,format=I420,width=%d,height=%d,framerate=25/1"
             " ! %s key-int-max=%d ! %s name=pay0 pt=96 config-interval=1 )",
             patterns[nth % 5], c->width, c->height,
             c->h265 ? "x265enc tune=zerolatency speed-preset=ultrafast"
                     : "x264enc tune=zerolatency speed-preset=ultrafast threads=1",
             c->gop, c->h265 ? "rtph265pay" : "video/x-h264,profile=baseline ! rtph264pay");
    GstRTSPMediaFactory *f = gst_rtsp_media_factory_new();
    gst_rtsp_media_factory_set_launch(f, launch);
    gst_rtsp_media_factory_set_shared(f, TRUE);
    gst_rtsp_media_factory_add_role(f, "user", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS, G_TYPE_BOOLEAN,
                                    TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, G_TYPE_BOOLEAN,
                                    TRUE, NULL);
    snprintf(path, sizeof(path), "/%s", name);
    gst_rtsp_mount_points_add_factory(mounts, path, f);
}

/* name and password "cam": what a camera that asks for them gets in tests */
static void ask_password(GstRTSPServer *server)
{
    GstRTSPAuth *auth = gst_rtsp_auth_new();
    GstRTSPToken *token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "user", NULL);
    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    gst_rtsp_auth_add_digest(auth, "cam", "cam", token);
    gst_rtsp_token_unref(token);
    gst_rtsp_server_set_auth(server, auth);
    g_object_unref(auth);
}

int main(int argc, char **argv)
{
    struct conf c = {.port = 0, .gop = 25, .width = 640, .height = 360};
    bool password = false;
    int nth = 0;
    char service[16];
    gst_init(&argc, &argv);
    GstRTSPServer *server = gst_rtsp_server_new();
    GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
            c.port = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--gop") == 0 && i + 1 < argc) {
            c.gop = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--size") == 0 && i + 1 < argc) {
            char *rest;
            c.width = (int)strtol(argv[++i], &rest, 10);
            c.height = *rest ? (int)strtol(rest + 1, NULL, 10) : 0;
        } else if (strcmp(argv[i], "--h265") == 0 || strcmp(argv[i], "--h264") == 0) {
            c.h265 = argv[i][5] == '5';
        } else if (strcmp(argv[i], "--check") == 0) {
            GstElementFactory *x = gst_element_factory_find("x264enc");
            return x && gst_element_factory_find("rtph264pay") ? 0 : 1;
        } else if (strcmp(argv[i], "--password") == 0) {
            password = true;
        } else {
            add_camera(mounts, &c, argv[i], nth++);
        }
    }
    if (password) {
        ask_password(server);
    }
    g_object_unref(mounts);
    snprintf(service, sizeof(service), "%d", c.port);
    gst_rtsp_server_set_service(server, service);
    gst_rtsp_server_set_address(server, "127.0.0.1");
    if (!gst_rtsp_server_attach(server, NULL)) {
        fprintf(stderr, "kuangtu-sim-camera: port %d is taken\n", c.port);
        return 1;
    }
    printf("%d\n", gst_rtsp_server_get_bound_port(server));
    fflush(stdout);
    g_main_loop_run(g_main_loop_new(NULL, FALSE));
    return 0;
}
