// SPDX-License-Identifier: Apache-2.0
// Made by scripts/types.mjs from api/openapi.yaml; change that, not this.

// biome-ignore lint/suspicious/noExplicitAny: the description leaves these open
export type Json = any;

export type Asset = { id: string; kind: "belt" | "feeder" | "fan" | "pump" | "hoist" | "compressor" | "refuge" | "power" | "door" | "barrier" | "face" | "machine" | "station" | "drill" | "truck" | "switch" | "base" | "room" | "other"; name: Text; place: string; to: string | null; length_m?: number; speed_m_s?: number; points: (string)[] };
export type Sequence = { id: string; title: Text; start: boolean; take: "chosen" | "onward" | "behind"; clause?: string; subjects: (string)[]; recipe: ({ id: string; title: Text; switch: boolean; default?: number | boolean; min_s?: number; max_s?: number })[]; steps: ({ id: string; title: Text; for: "once" | "all" | "each"; guard?: string; confirm?: string })[] };
export type Voice = { present: boolean; devices: ({ id: string; i: number; role: string; name: string; name_en: string; place?: string; x?: number; y?: number; answers: "yes" | "no" | "unknown"; at: number })[]; talks: (Talk)[]; climbs: ({ alarm: number; step: number; reached: boolean; nobody: boolean })[] };
export type Talk = { id: number; kind: "call" | "ring" | "broadcast" | "sms" | "mail"; state: "asked" | "desk" | "ringing" | "talking" | "ended"; point?: string; place?: string; to?: string; desk?: string; by: string; alarm?: number; result?: string; text?: string; recording?: string; emergency?: boolean; drill?: boolean; started: number; answered?: number | null; ended?: number | null; at?: { [key: string]: "asked" | "speaking" | "sent" | "confirmed" | "silent" | "refused" | "joined" } };
export type SequenceRun = { run: number; sequence: string; start: boolean; state: "waiting" | "running" | "held" | "done" | "ended"; by: string; second?: string | null; code?: string | null; text?: string | null; text_zh?: string; started: number; since?: number | null; ended?: number | null; recipe?: Json; subjects: (string)[]; steps: ({ step: string; subject?: string; state: "todo" | "now" | "done" | "skip" | "late" })[] };
export type VentState = { flow: number | null; speed: number | null; drop: number | null; need: "ok" | "low" | "high" | "unknown"; smoke_min?: number | null };
export type VentWhatIf = { smoke: "none" | "solved" | "unknown"; smoke_text: string; state: "none" | "solved" | "stalled" | "failed"; text: string; at: number; items: ({ id: string; place: string | null; before: VentState; after?: VentState; turned?: boolean })[] };
export type Incident = { id: number; alarm: number; rule: string; point: string; place: string; at: number; source?: number; persons: number; drill: boolean; register?: string; record?: number; evacuation?: number; steps: ({ step: "cut" | "people" | "broadcast" | "call" | "cameras" | "routes" | "case"; state: "waiting" | "sent" | "done" | "proved" | "failed" | "unavailable"; text?: string; after_ms: number; at: number })[] };
export type Personnel = { present: boolean; at: number; drill: string; sees: boolean; lifted?: string; count?: number; lost?: number; sos?: number; over_time?: number; leaders?: number; entered?: number; gone?: number; items?: (PersonBelow)[]; vehicles?: (VehicleBelow)[]; areas?: (Json)[]; shifts?: (Json)[]; evacuation?: Json };
export type PersonBelow = { card: string; person?: string; trade?: string; team?: string; place?: string; airway?: string; at_m?: number; error_m?: number; time: number; heard: number; in: number; shift: string; battery?: number; sos?: number; mate?: string; leaves?: boolean; is: (string)[] };
export type VehicleBelow = { number: string; kind?: string; card: string; place?: string; airway?: string; at_m?: number; error_m?: number; time: number; heard: number; in: number; km_h?: number; limit_km_h?: number; carries: (string)[]; is: ("lost" | "forbidden" | "speeding")[] };
export type Station = { id: string; kind: "anchor" | "exit" | "refuge"; name?: string; name_en?: string; airway: string; at_m: number; length_m?: number; capacity?: number };
export type Vent = { needs_source?: Source; needs: ({ place: string; flow: number | null; persons: number | null; persons_need: number | null; per_person: number | null; tonnes: number | null; per_tonne: number | null; need: "ok" | "low" | "unknown" })[]; state: "none" | "design" | "outstanding" | "solved" | "failed" | "old" | "unsure"; text: string; at: number | null; took_ms: number | null; items: ({ id: string; place: string | null; from: string; to: string; flow: number | null; design: number; speed: number | null; drop: number | null; r_part: number | null; need: "ok" | "low" | "high" | "unknown"; min: number | null; max: number | null; fan?: "on" | "off" | "back" | "unknown"; doors?: number; doors_open?: number; wind?: { point: string; speed: number; normalised: number | null; contradicts: boolean } })[]; downstream?: { place: string; text: string; text_zh: string; places: (string)[]; airways: (string)[] } };
export type Error = { error: { code: string; text: string; text_zh?: string } };
export type Time = number | string;
export type Next = number | null;
export type Text = { zh: string; en: string };
export type Attendance = { title: string; paper?: string; blocks: ({ heading?: number; text?: string; columns?: (string)[]; rows?: ((string)[])[] })[] };
export type Inrush = { type: string; unit: string; unknown: number; limits: ({ id: string; value: number; title: Text; source: Source })[]; features: ({ type: string; properties: { kind: "hole" | "line"; no: string; coefficient: number; verdict: "unknown" | "within" | "over" | "interpolated" | "limit" }; geometry: Json })[] };
export type DrainPlan = { case: Json; result: { feasible: boolean; short_m3: number; emission_t: number; emission_m3: number; vented_m3: number; rich_m3: number; released_m3: number; missed_m3: number; drained_m3: number; used_m3: number; use_rate: number | null; broken: ({ what: "source" | "user" | "concentration" | "pumps" | "balance" | "rich" | "content"; id: string; month: string; by: number | null })[]; zones: ({ id: string; target: number; content: (number)[]; needed_on?: string; attained_on?: string; verdict: "late" | "open" | "in_time" | "down"; short_m3?: number; why?: "holes" | "pumps"; text?: string; text_zh?: string })[]; stations: ({ id: string; months: ({ month: string; mixed: number; pure: number; used: number; vented: number; conc: number | null; load: number | null })[] })[]; plan: ({ month: string; source?: string; user?: string; pure: number })[] }; left_out: ({ register: string; id: string; text: string; text_zh: string })[] };
export type Source = { standard: string; edition: string; clause: string; verified: boolean };
export type Quality = "normal" | "calibration" | "over-range" | "broken" | "feed-anomaly" | "stale" | "manual" | "device-fault" | "comm-fault" | "future-time" | "under-range" | "never" | "paused" | "gap";
export type Live = [number, number | null, Quality, number];
export type Me = { user: string; name: string; language: string; must_change_password: boolean; roles: (string)[]; rights: (string)[]; places: (string)[] };
export type Site = { id: string; name: Text; simulation: boolean; clock: "real" | "plant"; mine_code?: string; gas_class?: string; utc_offset_s: number; crs: { epsg?: number; name?: string }; report_day_s?: number; points: number; hash: string; packs: (string)[]; shifts: (Json)[]; neighbours?: ({ name: Text; url: string })[]; roles: ({ id: string; title: Text; short?: string; unit?: string; group?: string; kind: string; cutoff?: boolean; opening?: number; protected?: boolean; off?: Text; on?: Text })[]; places: (Place)[]; rules: ({ id: string; pack?: string | null; title: Text; cause?: Text; consequence?: Text; action?: Text; priority: number; statutory: boolean; latch?: boolean; category?: string; within_s?: number; instances?: number; clause?: Source })[]; ranges?: (Json)[]; qualities: (Json)[] };
export type Point = { id: string; i: number; name: string; name_en: string; kind: "analog" | "switch" | "counter" | "output"; unit: string; role?: string | null; group?: string | null; place?: string | null; x?: number; y?: number; resolution: number; range: [number | null, number | null]; feed?: string | null; two_person: boolean; set?: { lo: number; hi: number; step: number; tolerance: number }; cutoff: boolean; test_days?: number; link?: string | null; address?: string | null; words?: string | null; serves?: (string)[] };
export type PointPage = Point & { pack_limits?: Json | null; cuts?: (string)[]; rules?: (string)[]; limits?: (LimitChange)[]; proposals?: (Proposal)[]; calibrations?: (Calibration)[]; commands?: (Command)[]; tests?: (Test)[]; tags?: (Tag)[]; manual?: (Json)[] };
export type Alarm = { id: number; rule: string; point: string; i?: number; place: string; priority: 1 | 2 | 3 | 4; statutory: boolean; category: "over-limit" | "cut" | "feed" | "fault" | "fan" | "trust" | "self" | "process" | "people" | "link"; unit?: string; state: "unack" | "ack" | "rtn" | "normal" | "shelved" | "suppressed" | "oos"; change?: "raise" | "clear" | "ack" | "shelve" | "unshelve" | "suppress" | "unsuppress" | "oos" | "return" | "escalate" | "again"; value: number | null; limit?: number; peak?: number | null; quality?: Quality; raises?: number; raised: number; cleared?: number; acked?: number; air?: "solution" | "outstanding" | "failed" | "old" | "design" | "unsure"; previous_raised?: number; previous_cleared?: number; by?: string; note?: string; first_out?: number; active?: boolean; mask_by?: string; reason?: string; until?: number; name?: string; name_en?: string; place_name?: string; place_name_en?: string; title?: string; title_en?: string };
export type AlarmCounts = { "1"?: number; "2"?: number; "3"?: number; "4"?: number; unacknowledged?: number };
export type AlarmKpi = { from: number; to: number; total: number; stale?: number; acknowledged?: number; ack_seconds?: number; priority?: { [key: string]: number }; per_10min: (number)[]; average: number; peak: number; flood_periods?: number; flood_share?: number; top: (Json)[]; chattering: (Json)[] };
export type Command = { id: number; output: string; value: number; state: "requested" | "confirmed" | "sent" | "readback" | "proved" | "refused" | "failed" | "expired" | "anomaly"; protective: boolean; by: string; second?: string; reason?: string; text?: string; requested?: number; sent?: number; expires?: number; i?: number; name?: string; name_en?: string; place_name?: string; place_name_en?: string; latched_by?: (string)[] };
export type Output = { output: string; opening: 0 | 1; value: number | null; commanded?: number | null; feed: number | null; feed_point?: string | null; anomaly: boolean; unread: boolean; two_person: boolean; sent?: number; latched_by: (string)[]; tags: (Json)[]; interlock: { ok: boolean; conditions: ({ code: string; ok: boolean; text: string; rule?: string; point?: string; who?: string })[] }; command: Command | null; i?: number; name?: string; name_en?: string; place_name?: string; place_name_en?: string };
export type Request = { verb: "alarm.ack" | "alarm.shelve" | "alarm.unshelve" | "alarm.oos" | "alarm.return" | "output.command" | "output.confirm" | "output.cancel" | "output.tag" | "output.untag" | "sequence.start" | "sequence.confirm" | "sequence.hold" | "sequence.resume" | "sequence.end" | "calibration.open" | "calibration.extend" | "calibration.close" | "limit.propose" | "limit.approve" | "limit.reject" | "card.step" | "card.measure" | "card.followup" | "card.close" | "test.record" | "handover.sign" | "manual.set" | "manual.clear" | "drill.start" | "drill.stop" | "console.hello" | "console.mute" | "evacuation.start" | "evacuation.stop" | "evacuation.confirm" | "evacuation.block" | "person.calm" | "person.out" | "call.start" | "call.end" | "broadcast.start" | "recording.erase" | "note.add" | "record.create" | "record.set" | "record.end" | "record.reopen" | "record.resolve" | "record.merge" | "record.move" | "record.assign" | "record.receipt" | "record.attach" | "record.detach" | "record.bulk" | "record.import" | "record.look" | "record.erase" | "ledger.open" | "ledger.post" | "ledger.reverse" | "ledger.close" | "calendar.set" | "record.setting"; args?: Json; key?: string; console?: string };
export type LimitRow = { point: string; i?: number; name?: string; name_en?: string; role?: string; group?: string; place?: string; unit?: string; low?: boolean; pack: { [key: string]: number }; clause: { [key: string]: number }; source: Source; changes: (LimitChange)[] };
export type LimitChange = { id?: number; point: string; name: string; value: number; before?: number; by: string; second: string; reason: string; at?: number; in_force?: boolean };
export type Proposal = { id: number; point: string; name: string; value: number; before?: number; by: string; reason: string; at?: number; i?: number; name_en?: string; place_name?: string; place_name_en?: string; point_name?: string };
export type RangeRow = { point: string; name?: string; place?: string; range?: string | null; range_text?: Text; cuts?: boolean; switches: ({ output: string; name: string; feed: string | null })[] };
export type Calibration = { id: number; point: string; state: "open" | "expired" | "closed"; by: string; second?: string; gas?: string; opened?: number; until?: number; closed?: number; agreed?: number; peak?: number; result?: string; i?: number; name_en?: string; place_name?: string; place_name_en?: string; name?: string };
export type Forecast = { point: string; unit: string; at: number; until: number; value: number | null; low: number | null; high: number | null; held: number; rows: number; text: string };
export type CutOff = { output: string; state: "cut" | "unlatched" | "returned"; at: number; causes: ({ rule: string; point: string; value: number | null; limit: number | null; unit: string; at: number; over: number | null })[]; more: number; opened_by?: string | null; reason?: string | null; sent: number | null; dead: number | null; anomaly: number | null; unlatched: number | null; asked: number | null; back: number | null; back_by: string | null; back_second?: string | null; back_reason?: string | null; refused: number; refusal?: string | null };
export type Test = { cut?: number; dead?: number; point: string; passed: boolean; overdue?: boolean; by: string; note?: string; at?: number; last_pass?: number; i?: number; name_en?: string; place_name?: string; place_name_en?: string; name?: string };
export type Tag = { output: string; id: number; by: string; reason: string; at?: number; i?: number; name_en?: string; place_name?: string; place_name_en?: string; name?: string };
export type Card = { id: number; alarm: number; state: "open" | "closed"; card: string; rule: string; point: string; opened?: number; next_followup?: number; overdue?: boolean; raises?: number; cleared?: number; closed?: number; cause?: string; measure?: string; log?: (Json)[]; i?: number; name_en?: string; place_name?: string; place_name_en?: string; name?: string; title?: string; title_en?: string };
export type Handover = { shift: string; from: string; to: string; by: string; note?: string; at?: number };
export type Series = { id: string; name?: string; unit: string; t?: (number)[]; min?: (number | null)[]; max?: (number | null)[]; mean?: (number | null)[]; last?: (number | null)[]; count?: (number)[]; quality?: (Quality)[]; old?: { before: number; resolution_ms: number; digits: number; away?: string }; v?: (number | null)[]; q?: (Quality)[]; cut?: boolean };
export type Event = { seq: number; time: number; kind: "request" | "answer" | "site" | "link" | "outcome" | "other"; origin: string; body: Json; name?: string; name_en?: string; title?: string; title_en?: string };
export type Place = { id: string; parent: string | null; kind: string; name: string; name_en?: string; x?: number; y?: number; air_to?: (string)[] };
export type PastSite = { hash: string; same: boolean; points?: (Point)[]; ended?: (number)[]; places?: (Place)[] };
export type PastState = { people?: Personnel; incidents?: (Incident)[]; talks?: (Talk)[]; at: number; seq: number; difference: string; site: PastSite; live: (Live)[]; alarms: (Alarm)[]; outputs: (Output)[] };
export type Job = { job: number; state: "running" | "failed" | "done"; progress: number; text?: string; by?: string; from?: number; to?: number; alarms?: number; cuts?: number; alarms_then?: number; cuts_then?: number; cut_short?: boolean; items: (Json)[]; happened: (Json)[] };
export type CalendarDays = ({ day: string; working: boolean; note?: string | null; by?: string | null; source?: { standard: string; edition?: string; clause?: string; verified: boolean } })[];
export type ImportJob = { job: number; state: "running" | "failed" | "done" | "cancelled"; progress: number; register: string; name: string; mode: "add" | "update" | "both"; written: boolean; writing?: number; error?: { code?: string; text: string; text_zh?: string }; rows?: ({ row: number; fate: "create" | "change" | "same" | "error"; key?: string | null; texts: (string)[]; texts_en?: (string)[]; changes: ({ field: string; from?: Json; to?: Json })[] })[]; counts?: { [key: string]: number } };
export type Provisions = { register: string; provisions: ({ id: string; no: string; title: Text; modality: "must" | "shall" | "should" | "may" | "priority" | "task" | "forbidden"; word: string; technique: string; text: string; source: Json; responsible: (string)[]; facts: (string)[]; can_be_met: boolean })[]; records: ({ record: Json; verdicts: ({ provision: string; holds: "yes" | "no" | "unknown"; missing: (string)[]; met?: (Json)[] })[] })[]; next: number | null };
export type Barriers = { register: string; barriers: ({ id: string; no: string; title: Text; act: "refuse" | "tell"; word: string; text: string; zone_register: string; source: Json; responsible: (string)[] })[]; records: ({ record: Json; verdicts: ({ barrier: string; holds: "yes" | "no" | "unknown"; missing: (string)[]; no_zones: boolean; zones: (Json)[] })[] })[]; next: number | null };
export type WhatIf = { id: string; from: number; to: number; register: string; value: number | null; numerator: number | null; denominator: number | null; target: number | null; needed: number | null; would_be: number | null; reachable: boolean | null; candidates: ({ record: Json; why: string })[] };
export type Registers = { registers: ({ id: string; title: Text; group?: Text; key?: string; place?: string | null; workflow?: string | null; list?: (string)[]; map?: Json | null; documents?: (Json)[]; provisions?: number; barriers?: number; matches?: number; duplicates?: boolean; fields: (Json)[]; may: Json; total?: number })[]; workflows?: (Json)[]; ledgers?: (Json)[]; indicators?: (Json)[]; briefings?: (Json)[]; people?: (Json)[] };
export type Record = { erased?: { [key: string]: number }; id: number; key?: string | null; label?: string; place?: string | null; version: number; fields: { [key: string]: Json }; conflicts?: number; changed?: number | null; changed_by?: string | null; created?: number | null; created_by?: string | null; ended?: number | null; merged?: number | null; state?: string | null; since?: number | null; owner?: string | null; due?: number | null; returns?: number; register?: string; facts?: (Json)[]; moves?: (Json)[]; attachments?: (Json)[]; refs?: { [key: string]: Json }; referrers?: (Json)[]; may_write?: boolean; transitions?: (Json)[] };
export type BulkTransitions = { records: number; missing: number; transitions: ({ id: string; title: Text; to: string; may: number; refused: ({ records: number; why: Text })[]; needs: (string)[]; note: "required" | "optional"; owner: "keep" | "given" | "mover" | "creator" | "none"; sign: number })[] };
export type People = { items: ({ user: string; name: string; units: (string)[]; roles: (Text)[] })[]; total: number; rights: (string)[] };
export type RecordPage = { items: (Record)[]; total: number; more?: boolean; next?: string | null };
export type Tracks = { type: string; hidden: number; more: boolean; features: ({ type: string; geometry: Json | null; properties: { record: number; register: string; key: string | null; field: string; hash: string; user: string; time: number; meta?: Json | null; points?: (Json)[]; checks?: (Json)[]; erased: boolean } })[] };
export type Upload = { hash: string; sha256?: string; name: string; type: string; kind?: string; size: number; copies?: number; meta?: Json };
export type User = { user: string; name: string; language?: string; roles: (string)[]; disabled: boolean; locked: boolean; must_change_password?: boolean; created?: number; last_login?: number };
export type UserChange = { user?: string; name?: string; language?: string; roles?: (string)[]; password?: string; disabled?: boolean };
export type Health = { site: string; ok: boolean; started?: number; now?: number; resident_bytes?: number; disk_free?: number; backup?: { verified: number; since: number; days: number }; screens?: number; engine: Json; journal: Json; history: Json; long_history?: Json; cluster?: Cluster | null; shards?: { node?: string; nodes?: ({ node?: string; url?: string; names?: number })[]; names?: ({ name?: string; node?: string })[] } | null; links: ({ id: string; kind: string; up: boolean; since?: number; last?: number; reads?: number; errors?: number; reconnects?: number; samples?: number; writes?: number; text?: string; producers?: ({ id: string; last: number; samples: number; errors: number })[] })[] };
export type Cluster = { node: string; role: "active" | "follows" | "takes-over" | "cut-off" | "out"; holder: string; holder_url?: string; why?: string; token?: number; lease_left_ms?: number; last?: number; durable: number; head?: number; behind_ms?: number; etcd_silent_ms?: number; etcd_bytes?: number; etcd_used?: number; etcd_quota?: number; bodies_alone?: number; frames?: number; frame_bytes?: number; aligned?: number; refused?: number; members: ({ node: string; url?: string; version?: string; alive: boolean; active: boolean; same_site?: boolean; next: number; behind_ms?: number; seen?: number; difference?: string })[] };
export type Findings = { error?: Json; findings: ({ level: "error" | "warning" | "note"; rule?: string; text: string; text_zh?: string })[] };
export type Partial = { error: Json; written: number; bad?: number; refused?: number; unknown?: number; lines?: ({ line: number; column: number; why: "bad" | "refused" | "unknown"; text: string })[] };

export type Route =
  | 'GET /healthz'
  | 'GET /metrics'
  | 'GET /api/v1/certificate'
  | 'POST /api/v1/login'
  | 'POST /api/v1/logout'
  | 'GET /api/v1/me'
  | 'POST /api/v1/password'
  | 'GET /api/v1/site'
  | 'GET /api/v1/map'
  | 'GET /api/v1/points'
  | 'GET /api/v1/points/{id}'
  | 'GET /api/v1/points/{id}/forecast'
  | 'GET /api/v1/live'
  | 'GET /api/v1/stream'
  | 'POST /api/v1/stream/{sid}/points'
  | 'GET /api/v1/alarms'
  | 'GET /api/v1/alarms/kpi'
  | 'GET /api/v1/alarms/{id}'
  | 'GET /api/v1/outputs'
  | 'GET /api/v1/outputs/{id}'
  | 'GET /api/v1/commands'
  | 'POST /api/v1/requests'
  | 'GET /api/v1/limits'
  | 'GET /api/v1/proposals'
  | 'GET /api/v1/ranges'
  | 'GET /api/v1/calibrations'
  | 'GET /api/v1/tests'
  | 'GET /api/v1/cuts'
  | 'GET /api/v1/tags'
  | 'GET /api/v1/cards'
  | 'GET /api/v1/cards/{id}'
  | 'GET /api/v1/handover'
  | 'GET /api/v1/sequences'
  | 'GET /api/v1/alarms/{id}/pictures'
  | 'GET /api/v1/alarms/{id}/pictures/{hash}'
  | 'GET /api/v1/cameras'
  | 'GET /api/v1/cameras/stream'
  | 'GET /api/v1/cameras/{id}/still'
  | 'GET /api/v1/voice'
  | 'GET /api/v1/recordings/{event}'
  | 'GET /api/v1/vent'
  | 'POST /api/v1/vent/what-if'
  | 'GET /api/v1/personnel'
  | 'GET /api/v1/personnel/stations'
  | 'GET /api/v1/personnel/{card}/track'
  | 'GET /api/v1/incidents'
  | 'GET /api/v1/incidents/{id}/report'
  | 'GET /api/v1/evacuations/{id}/report'
  | 'GET /api/v1/history'
  | 'GET /api/v1/export'
  | 'GET /api/v1/events'
  | 'GET /api/v1/replay'
  | 'GET /api/v1/replay/stream'
  | 'POST /api/v1/backtest'
  | 'GET /api/v1/jobs/{id}'
  | 'DELETE /api/v1/jobs/{id}'
  | 'GET /api/v1/registers'
  | 'GET /api/v1/records/{register}'
  | 'GET /api/v1/records/{register}/duplicates'
  | 'GET /api/v1/records/{register}/export'
  | 'GET /api/v1/records/{register}/template'
  | 'GET /api/v1/records/{register}/map'
  | 'POST /api/v1/records/{register}/import'
  | 'POST /api/v1/records/{register}/import/{job}'
  | 'GET /api/v1/records/{register}/tracks'
  | 'POST /api/v1/records/{register}/transitions'
  | 'GET /api/v1/records/{register}/{record}'
  | 'GET /api/v1/records/{register}/{record}/history'
  | 'GET /api/v1/records/{register}/{record}/tracks'
  | 'GET /api/v1/records/{register}/{record}/documents/{document}'
  | 'GET /api/v1/people'
  | 'GET /api/v1/search'
  | 'GET /api/v1/cases'
  | 'GET /api/v1/cases/counts'
  | 'POST /api/v1/attachments'
  | 'POST /api/v1/tracks'
  | 'GET /api/v1/attachments/{hash}'
  | 'GET /api/v1/records/{register}/provisions'
  | 'GET /api/v1/records/{register}/{record}/provisions'
  | 'GET /api/v1/records/{register}/{record}/matches'
  | 'GET /api/v1/records/{register}/barriers'
  | 'GET /api/v1/records/{register}/{record}/barriers'
  | 'GET /api/v1/records/{register}/{record}/subsidence'
  | 'GET /api/v1/briefings'
  | 'GET /api/v1/briefings/{briefing}'
  | 'GET /api/v1/indicators'
  | 'GET /api/v1/indicators/{indicator}'
  | 'GET /api/v1/indicators/{indicator}/drill'
  | 'GET /api/v1/indicators/{indicator}/what-if'
  | 'GET /api/v1/personnel/attendance'
  | 'GET /api/v1/water/inrush'
  | 'GET /api/v1/drainage/plans/{record}'
  | 'POST /api/v1/drainage/plans/{record}/solve'
  | 'GET /api/v1/ledgers'
  | 'GET /api/v1/ledgers/{ledger}'
  | 'GET /api/v1/ledgers/{ledger}/entries'
  | 'GET /api/v1/calendar'
  | 'GET /api/v1/reports/{kind}'
  | 'GET /api/v1/users'
  | 'POST /api/v1/users'
  | 'PATCH /api/v1/users/{name}'
  | 'GET /api/v1/roles'
  | 'GET /api/v1/audit'
  | 'GET /api/v1/health'
  | 'POST /api/v1/reload'
  | 'POST /write'
  | 'POST /api/v2/write'
  | 'POST /api/v1/write'
  | 'POST /api/v1/samples';
