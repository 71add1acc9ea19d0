/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_API_HANDLERS_H
#define KT_API_HANDLERS_H
/* The handlers of the routes, each in the file that its group names. Each answers exactly once. */
#include "api/private.h"

/* site.c */
void get_site(struct call *c);
void get_map(struct call *c);
void get_points(struct call *c);
void get_point(struct call *c);
void get_live(struct call *c);
void get_ranges(struct call *c);
/* lists.c */
void get_alarms(struct call *c);
void get_alarm(struct call *c);
void get_outputs(struct call *c);
void get_output(struct call *c);
void get_commands(struct call *c);
void get_limits(struct call *c);
void get_proposals(struct call *c);
void get_calibrations(struct call *c);
void get_tests(struct call *c);
void get_cuts(struct call *c);
void get_forecast(struct call *c);
void get_tags(struct call *c);
void get_cards(struct call *c);
void get_card(struct call *c);
void get_handover(struct call *c);
/* voice.c */
void get_voice(struct call *c);
void get_recording(struct call *c);
/* sequences.c */
void get_sequences(struct call *c);
/* requests.c */
void post_requests(struct call *c);
/* events.c */
void get_events(struct call *c);
void alarm_history(struct call *c); /**< GET /alarms?state=history */
/* kpi.c */
void get_alarm_kpi(struct call *c);
/* history.c */
void get_history(struct call *c);
void get_export(struct call *c);
/* replay.c */
void get_replay(struct call *c);
void get_replay_stream(struct call *c);
int replays_running(void);
/* jobs.c */
struct jobs *jobs_new(struct kt_api *a);
void jobs_free(struct jobs *j); /**< accepts NULL */
void post_backtest(struct call *c);
void get_job(struct call *c);
/* incidents.c */
void get_incidents(struct call *c);
void get_incident_report(struct call *c);
void get_evacuation_report(struct call *c);
/* records.c */
void get_registers(struct call *c);
void get_records(struct call *c);
void get_record(struct call *c);
void get_record_history(struct call *c);
void get_record_duplicates(struct call *c);
void get_record_map(struct call *c);
void get_search(struct call *c);
void get_cases(struct call *c);
void get_case_counts(struct call *c);
void get_indicators(struct call *c);
void get_indicator_drill(struct call *c);
void get_provisions(struct call *c);
void get_subsidence(struct call *c);
void get_briefings(struct call *c);
void get_briefing(struct call *c);
void get_indicator_what_if(struct call *c);
void get_record_provisions(struct call *c);
void get_barriers(struct call *c);
void get_record_barriers(struct call *c);
void get_record_matches(struct call *c);
void get_ledgers(struct call *c);
void get_ledger_entries(struct call *c);
void get_calendar(struct call *c);
/* people.c */
void get_people(struct call *c);
void post_record_transitions(struct call *c);
/* tracks.c */
void post_tracks(struct call *c);
void get_tracks(struct call *c);
void get_record_tracks(struct call *c);
/* record_export.c */
void get_record_export(struct call *c);
void get_record_template(struct call *c);
/* record_print.c */
void get_record_document(struct call *c);
/* imports.c */
void post_import(struct call *c);
void post_import_write(struct call *c);
void delete_job(struct call *c);
/* attachments.c */
void post_attachments(struct call *c);
void get_attachment(struct call *c);
/* personnel.c */
void get_personnel(struct call *c);
void get_stations(struct call *c);
void get_track(struct call *c);
/* vent_view.c */
void get_vent(struct call *c);
void get_cameras(struct call *c);
void get_cameras_stream(struct call *c);
void get_camera_still(struct call *c);
void get_alarm_pictures(struct call *c);
void get_alarm_picture(struct call *c);
/* attendance.c */
void get_attendance(struct call *c);
/* inrush.c */
void get_inrush(struct call *c);
/* drainage.c */
void get_drain_plan(struct call *c);
void post_drain_solve(struct call *c);
/* vent_what_if.c */
void post_vent_what_if(struct call *c);
/* reports.c */
void get_report(struct call *c);
/* users.c */
void get_users(struct call *c);
void post_users(struct call *c);
void patch_user(struct call *c);
void get_roles(struct call *c);
void get_audit(struct call *c);
void post_reload(struct call *c);
/* health.c */
void get_healthz(struct call *c);
void get_certificate(struct call *c);
void get_metrics(struct call *c);
void get_health(struct call *c);
#endif
