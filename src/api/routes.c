/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes: method, pattern, right, scope, handler. A test reads it through the OpenAPI
 * description and calls every route without a session, without the right and from another place.
 */
#include "api/handlers.h"

const struct route api_routes[] = {
    {"GET", "/healthz", "-", "none", get_healthz},
    {"GET", "/metrics", "-", "none", get_metrics},
    {"POST", "/login", "-", "none", post_login},
    {"POST", "/logout", NULL, "none", post_logout, true},
    {"GET", "/me", NULL, "none", get_me, true},
    {"POST", "/password", NULL, "none", post_password, true},
    {"GET", "/site", "view", "none", get_site},
    {"GET", "/map", "view", "none", get_map},
    {"GET", "/points", "view", "list", get_points},
    {"GET", "/points/{id}", "view", "point", get_point},
    {"GET", "/live", "view", "list", get_live},
    {"GET", "/stream", "view", "list", get_stream},
    {"POST", "/stream/{sid}/points", "view", "list", post_stream_points},
    {"GET", "/alarms", "view", "list", get_alarms},
    {"GET", "/alarms/kpi", "view", "none", get_alarm_kpi},
    {"GET", "/alarms/{id}", "view", "list", get_alarm},
    {"GET", "/outputs", "view", "list", get_outputs},
    {"GET", "/outputs/{id}", "view", "output", get_output},
    {"GET", "/commands", "view", "list", get_commands},
    {"POST", "/requests", NULL, "request", post_requests},
    {"GET", "/limits", "view", "list", get_limits},
    {"GET", "/proposals", "view", "list", get_proposals},
    {"GET", "/ranges", "view", "list", get_ranges},
    {"GET", "/calibrations", "view", "list", get_calibrations},
    {"GET", "/tests", "view", "list", get_tests},
    {"GET", "/tags", "view", "list", get_tags},
    {"GET", "/cards", "view", "list", get_cards},
    {"GET", "/cards/{id}", "view", "list", get_card},
    {"GET", "/handover", "view", "list", get_handover},
    {"GET", "/history", "history.read", "list", get_history},
    {"GET", "/export", "export", "list", get_export},
    {"GET", "/events", "history.read", "list", get_events},
    {"GET", "/replay", "history.read", "list", get_replay},
    {"GET", "/replay/stream", "history.read", "list", get_replay_stream},
    {"POST", "/backtest", "backtest", "none", post_backtest},
    {"GET", "/jobs/{id}", "backtest", "none", get_job},
    {"GET", "/reports/{kind}", "report.read", "list", get_report},
    {"GET", "/users", "user.admin|security.admin", "none", get_users},
    {"POST", "/users", "user.admin", "none", post_users},
    {"PATCH", "/users/{name}", "user.admin|security.admin", "none", patch_user},
    {"GET", "/roles", "user.admin|security.admin", "none", get_roles},
    {"GET", "/audit", "audit.read", "none", get_audit},
    {"GET", "/health", "view", "none", get_health},
    {"POST", "/reload", "site.reload", "none", post_reload},
};
const size_t api_routes_n = KT_ARRAY_LEN(api_routes);
