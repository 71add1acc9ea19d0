// SPDX-License-Identifier: Apache-2.0
// Answers of the fixture for the engineers' and administrators' screens, in the shapes that src/api
// writes. `extra` returns undefined for what is not known here; `verbs` are further requests.
import { bodyOf, REPORT_COLUMNS, reportRow } from './reports.mjs';

const START = Date.now();
const HOUR = 3600_000;
const DAY = 24 * HOUR;
const NAMES = ['warn', 'alarm', 'cut', 'restore', 'low_alarm', 'low_cut', 'low_restore'];

const changes = [
  {
    id: 41,
    point: 'T1-1203',
    name: 'alarm',
    value: 0.8,
    before: 1,
    by: '赵工',
    second: '孙总工',
    reason: '过断层期间加严',
    at: START - 9 * DAY,
    in_force: true,
  },
  {
    id: 37,
    point: 'W-1301',
    name: 'alarm',
    value: 28,
    before: 30,
    by: '赵工',
    second: '王伟',
    reason: '防火观测',
    at: START - 20 * DAY,
    in_force: false,
  },
  {
    id: 39,
    point: 'W-1301',
    name: 'alarm',
    value: 26,
    before: 28,
    by: '赵工',
    second: '孙总工',
    reason: '自燃倾向区段',
    at: START - 3 * HOUR,
    in_force: true,
  },
];
const proposals = [
  {
    id: 52,
    point: 'T2-1203',
    name: 'alarm',
    value: 0.9,
    before: 1,
    by: '赵工',
    reason: '回风流临近限值，提前报警',
    at: START - 5 * HOUR,
  },
];
const calibrations = [
  {
    id: 7,
    point: 'CO-1301',
    state: 'open',
    by: '李强',
    gas: '24 ppm CO',
    opened: START - 8 * 60_000,
    until: START + 22 * 60_000,
    agreed: START - 7 * 60_000,
    peak: 24.1,
  },
  ...[...Array(14).keys()].map((k) => ({
    id: 6 - k,
    point: ['T1-1203', 'T2-1203', 'CO-1203', 'T1-1401', 'T2-1301'][k % 5],
    state: k % 6 === 5 ? 'expired' : 'closed',
    by: k % 2 ? '李强' : '赵工',
    ...(k % 3 ? {} : { second: '孙总工' }),
    gas: k % 5 === 2 ? '24 ppm CO' : '2.00 %CH4',
    opened: START - (k + 1) * 2.3 * DAY,
    until: START - (k + 1) * 2.3 * DAY + 30 * 60_000,
    closed: START - (k + 1) * 2.3 * DAY + (12 + k) * 60_000,
    agreed: START - (k + 1) * 2.3 * DAY + 60_000,
    peak: 1.98 + k / 100,
    result: k % 6 === 5 ? '' : '合格，零点 0.01',
  })),
];
const tests = [
  ['T1-1203', 2, true],
  ['T2-1203', 2, true],
  ['T1-1205', 14.2, true],
  ['T2-1205', 16, true],
  ['T1-1301', 20, true],
  ['T1-1401', 1, false],
].map(([point, days, passed]) => ({
  point,
  passed,
  overdue: days > 15,
  by: '李强',
  note: passed ? '断电 1.2 s，馈电无电，复电闭锁有效' : '断电后馈电仍有电，已报修',
  at: START - days * DAY,
  last_pass: passed ? START - days * DAY : START - 16.5 * DAY,
}));
const manual = [
  { point: 'C-1203-2', value: 4, by: '王伟', reason: '传感器送检', at: START - HOUR },
];
const users = [
  ['wang', '王伟', ['dispatcher']],
  ['li', '李强', ['electrician']],
  ['zhao', '赵工', ['engineer']],
  ['sun', '孙总工', ['chief']],
  ['admin', '管理员', ['admin', 'security']],
  ['chen', '陈某', ['dispatcher']],
].map(([user, name, roles], i) => ({
  user,
  name,
  language: 'zh',
  roles,
  disabled: user === 'chen',
  locked: user === 'li',
  must_change_password: i === 3,
  created: START - 200 * DAY,
  last_login: i === 5 ? 0 : START - i * 7 * HOUR,
}));
const text = (zh, en) => ({ zh, en });
const ROLES = [
  [
    'dispatcher',
    text('调度员', 'Dispatcher'),
    'view history.read alarm.ack alarm.shelve output.open output.close card.write handover report.read',
  ],
  [
    'engineer',
    text('通风工程师', 'Ventilation engineer'),
    'view history.read export limit.propose backtest report.read calibration.write',
  ],
  [
    'chief',
    text('总工程师', 'Chief engineer'),
    'view history.read export limit.approve output.confirm report.read report.sign backtest',
  ],
  [
    'electrician',
    text('监测工', 'Monitoring fitter'),
    'view history.read calibration.write test.write output.tag output.untag manual.set',
  ],
  ['admin', text('系统管理员', 'System administrator'), 'view user.admin site.reload audit.read'],
  ['security', text('安全管理员', 'Security administrator'), 'view security.admin audit.read'],
].map(([id, name, rights]) => ({
  id,
  name,
  rights: rights.split(' '),
  places: id === 'electrician' ? ['p1203', 'p1205'] : ['*'],
}));

let jobs = 0;
const started = new Map();

function limitRows(ctx) {
  const rows = ctx.points
    .filter((p) => ctx.limits[p.role])
    .map((p) => {
      const all = ctx.limits[p.role];
      const pack = Object.fromEntries(
        NAMES.filter((n) => typeof all[n] === 'number').map((n) => [n, all[n]]),
      );
      const unverified = p.role === 'temp' || p.role === 'co';
      return {
        point: p.id,
        i: p.i,
        name: p.name,
        name_en: p.name_en,
        role: p.role,
        group: ctx.site.roles.find((r) => r.id === p.role).group,
        place: p.place,
        unit: p.unit,
        low: p.role === 'wind.speed',
        pack,
        source: {
          standard: unverified ? 'AQ 1029-2019' : '煤矿安全规程',
          edition: unverified ? '2019' : '2016',
          clause: unverified ? '第6章' : p.role.startsWith('ch4') ? '第498条 表18' : '第136条',
          verified: !unverified,
        },
        changes: changes.filter((c) => c.point === p.id),
      };
    });
  return rows;
}

function ranges(ctx) {
  const range_text = text(
    '工作面及其回风巷内全部非本质安全型电气设备',
    'All electrical equipment that is not intrinsically safe in the face and its return',
  );
  return ctx.points
    .filter((p) => p.cutoff)
    .map((p) => {
      const gone = p.id === 'T2-1404';
      const own = ctx.points.filter((o) => o.kind === 'output' && o.serves?.includes(p.place));
      const near = own.length
        ? own
        : ctx.points.filter((o) => o.kind === 'output' && o.id.includes(p.id.slice(3, 7)));
      return {
        point: p.id,
        name: p.name,
        place: p.place,
        range: gone ? null : 'face-and-return',
        range_text,
        cuts: true,
        switches: gone
          ? []
          : near.map((o) => ({
              output: o.id,
              name: o.name,
              feed: o.id === 'K-1305' ? null : (o.feed ?? null),
            })),
      };
    });
}

function event(seq, time, kind, origin, body, ctx) {
  const p = ctx.byId.get(body.point ?? body.output);
  const rule = ctx.rules.find((r) => r.id === body.rule);
  return {
    seq,
    time,
    kind,
    origin,
    body,
    ...(p ? { name: p.name, name_en: p.name_en } : {}),
    ...(rule ? { title: rule.title.zh, title_en: rule.title.en } : {}),
  };
}

let log;
function journal(ctx) {
  if (log) return log;
  const make = [
    (k, p) => [
      'outcome',
      'engine',
      {
        type: 'alarm',
        rule: ctx.rules[k % 6].id,
        point: p.id,
        place: p.place,
        change: ['raise', 'ack', 'clear'][k % 3],
        state: ['unack', 'ack', 'normal'][k % 3],
        priority: ctx.rules[k % 6].priority,
        value: ctx.valueAt(p, START - k * 1e6),
        unit: p.unit,
        by: k % 3 === 1 ? 'wang' : '',
      },
    ],
    () => [
      'outcome',
      'engine',
      {
        type: 'command',
        output: 'K-1203',
        value: 0,
        state: 'proved',
        protective: true,
        by: 'rule:gas.cut',
        latched_by: ['T1-1203'],
      },
    ],
    (k) => [
      'request',
      'wang',
      {
        verb: ['alarm.ack', 'note.add', 'card.step'][k % 3],
        args: { alarms: [k], note: '已通知现场' },
        by: { user: 'wang', name: '王伟' },
      },
    ],
    () => ['link', 'sub01', { link: 'sub01', up: false, text: 'connection refused' }],
    (_, p) => [
      'outcome',
      'engine',
      { type: 'calibration', change: 'close', point: p.id, by: 'li', result: '合格' },
    ],
    () => [
      'outcome',
      'engine',
      {
        type: 'limit',
        change: 'approve',
        point: 'W-1301',
        name: 'alarm',
        value: 26,
        before: 28,
        by: 'zhao',
        second: 'sun',
        reason: '自燃倾向区段',
      },
    ],
    () => ['site', 'runtime', { hash: '3f5a…', author: 'admin', why: '增加 1305 测点' }],
    (_, p) => [
      'outcome',
      'engine',
      { type: 'trust', point: p.id, what: 'constant', text: '2 h 未变化' },
    ],
    () => [
      'outcome',
      'engine',
      { type: 'note', place: 'main-in', text: '主运大巷皮带检修', by: 'wang' },
    ],
  ];
  log = [...Array(1400).keys()].map((k) => {
    const p = ctx.points[(k * 31) % 200];
    return event(
      50_000 - k,
      START - k * 421_000,
      ...make[(k * 7 + (k >> 3)) % make.length](k, p),
      ctx,
    );
  });
  return log;
}

function events(q, ctx) {
  const [from, to] = [Number(q.get('from') ?? 0), Number(q.get('to') ?? Date.now() + 1000)];
  const [type, user, point, word] = ['type', 'user', 'point', 'q'].map((k) => q.get(k));
  const before = Number(q.get('cursor') ?? 0);
  const limit = Number(q.get('limit') ?? 200);
  const all = journal(ctx).filter((e) => {
    const has = (s) => JSON.stringify(e.body).includes(s);
    return (
      e.time >= from &&
      e.time < to &&
      (!before || e.seq < before) &&
      (!type || type === (e.body.type ?? e.kind)) &&
      (!user || e.origin === user || has(user)) &&
      (!point || has(point)) &&
      (!word || has(word) || e.origin.includes(word))
    );
  });
  const items = all.slice(0, limit);
  return {
    items,
    next: all.length > limit ? items[items.length - 1].seq : null,
    total: all.length,
  };
}

function kpi(q, ctx) {
  const to = Number(q.get('to') ?? Date.now());
  const from = Number(q.get('from') ?? to - DAY);
  const n = Math.floor((to - from) / 600_000) + 1;
  const per_10min = [...Array(n).keys()].map((k) =>
    k % 61 === 40
      ? 14
      : k % 61 === 41
        ? 12
        : Math.max(0, Math.round(1.2 + 1.6 * Math.sin(k * 1.7) + (k % 7 === 3 ? 2 : 0))),
  );
  const total = per_10min.reduce((a, b) => a + b, 0);
  const worst = (id, rule, share) => ({
    point: id,
    rule,
    name: ctx.byId.get(id).name,
    name_en: ctx.byId.get(id).name_en,
    count: Math.round(total * share),
    share,
  });
  return {
    from,
    to,
    total,
    stale: 2,
    acknowledged: Math.round(total * 0.9),
    ack_seconds: 74.3,
    priority: {
      1: Math.round(total * 0.07),
      2: Math.round(total * 0.16),
      3: Math.round(total * 0.3),
      4: total - Math.round(total * 0.53),
    },
    per_10min,
    average: total / n,
    peak: Math.max(...per_10min),
    flood_periods: per_10min.filter((x) => x > 10).length,
    flood_share: per_10min.filter((x) => x > 10).length / n,
    top: [
      worst('C-1203-1', 'dust.high', 0.22),
      worst('T3-1205-3', 'sensor.fault', 0.09),
      worst('F-1203', 'wind.low', 0.06),
      worst('C-1301-2', 'dust.high', 0.05),
      worst('T2-1203', 'gas.over-limit', 0.04),
      worst('W-1303', 'sensor.fault', 0.03),
      worst('T3-1205-1', 'sensor.fault', 0.03),
      worst('M-1', 'wind.low', 0.02),
      worst('C-1303-4', 'dust.high', 0.02),
      worst('CO-1301', 'sensor.fault', 0.01),
    ],
    chattering: [worst('T3-1205-3', 'sensor.fault', 0.09), worst('F-1203', 'wind.low', 0.06)],
  };
}

function health() {
  const now = Date.now();
  const s = (now - START) / 1000;
  const link = (id, kind, up, more) => ({
    id,
    kind,
    up,
    since: START - 3 * DAY,
    last: now - 700,
    reads: Math.round(86_000 + s),
    errors: 3,
    reconnects: 1,
    samples: Math.round(2_140_000 + 300 * s),
    writes: 42,
    text: '',
    ...more,
  });
  return {
    site: 'demo',
    ok: true,
    started: START - 3 * DAY,
    now,
    resident_bytes: 212_000_000,
    disk_free: 86_400_000_000,
    screens: 3,
    engine: {
      samples: Math.round(52_000_000 + 400 * s),
      late: 214,
      future: 3,
      refused: 0,
      evaluations: Math.round(90_000_000 + 600 * s),
      outcomes: 31_204,
      alarms_active: 12,
      time: now - 20,
      lag_ms: 18,
      queue_urgent: 0,
      queue_bulk: 12,
      refused_batches: 0,
    },
    journal: {
      last: 1_804_233,
      durable: 1_804_231,
      commits: 421_003,
      bytes: 3_870_000_000,
      last_commit_ms: 2.4,
      worst_commit_ms: 61.2,
      failed: false,
      on_reserve: false,
    },
    history: {
      points: 300,
      samples: 512_000_000,
      chunks: 143_000,
      bytes: 2_210_000_000,
      head_samples: 81_204,
      late: 212,
      duplicates: 17,
    },
    links: [
      link('sub01', 'modbus', true, {}),
      link('sub02', 'modbus', false, {
        last: now - 94_000,
        since: now - 92_000,
        errors: 31,
        reconnects: 9,
        text: 'connect 127.0.0.1:15022: connection refused',
      }),
      link('broker', 'mqtt', true, { reads: 0, writes: 0 }),
      link('push', 'push', true, { reads: 0, writes: 0, last: now - 2100 }),
      link('drop', 'minefile', true, { last: now - 121_000, samples: 40_200, reads: 1440 }),
    ],
  };
}

/** A job that takes three seconds by the clock. */
function job(id, ctx) {
  const j = started.get(id);
  if (!j)
    return {
      refused: 404,
      code: 'KT_ENOTFOUND',
      text: `there is no job ${id}`,
      text_zh: `没有任务 ${id}`,
    };
  const progress = Math.min(1, (Date.now() - j.at) / 3000);
  const done = progress >= 1;
  const at = (k, n) => Math.round(j.from + ((j.to - j.from) * (k + 1)) / (n + 1));
  const alarm = (k, n, id2, rule, priority) => ({
    time: at(k, n),
    body: {
      type: 'alarm',
      change: 'raise',
      rule,
      point: id2,
      priority,
      value: ctx.valueAt(ctx.byId.get(id2), at(k, n)),
      unit: ctx.byId.get(id2).unit,
    },
  });
  const cut = (k, n) => ({
    time: at(k, n),
    body: {
      type: 'command',
      output: 'K-1203',
      value: 0,
      state: 'sent',
      protective: true,
      by: 'rule:gas.cut',
      latched_by: ['T1-1203'],
    },
  });
  const happened = [
    alarm(4, 24, 'T2-1203', 'gas.over-limit', 1),
    alarm(9, 24, 'F-1203', 'wind.low', 2),
    alarm(15, 24, 'C-1203-1', 'dust.high', 4),
  ];
  const items = [
    ...happened.slice(0, 1),
    ...[2, 6, 7, 11, 17, 20].map((k) => alarm(k, 24, 'T1-1203', 'gas.over-limit', 1)),
    cut(11, 24),
    ...happened.slice(1),
  ].sort((a, b) => a.time - b.time);
  return {
    job: id,
    state: done ? 'done' : 'running',
    progress,
    by: j.by,
    from: j.from,
    to: j.to,
    alarms: done ? items.length - 1 : 0,
    cuts: done ? 1 : 0,
    alarms_then: done ? happened.length : 0,
    cuts_then: 0,
    cut_short: false,
    items: done ? items : [],
    happened: done ? happened : [],
  };
}

async function startJob(readBody, ctx) {
  const b = await readBody();
  if (b.rules && !/^rules:/m.test(b.rules))
    return {
      refused: 400,
      code: 'KT_EINVAL',
      text: 'rules/zz-backtest.yaml:1:1: "rules:" is missing',
      text_zh: 'rules/zz-backtest.yaml:1:1：缺少“rules:”',
    };
  started.set(++jobs, { at: Date.now(), by: ctx.who, from: b.from, to: b.to });
  return { job: jobs };
}

function exported(q, ctx) {
  const [from, to] = [Number(q.get('from')), Number(q.get('to'))];
  let out = '\ufeffpoint,time,value,quality,arrival\r\n';
  for (const id of (q.get('points') ?? '').split(',')) {
    const p = ctx.byId.get(id);
    for (let k = 0; p && k < 100; k++) {
      const t = from + ((to - from) * k) / 100;
      out += `${id},${new Date(t).toISOString()},${ctx.valueAt(p, t)},normal,\r\n`;
    }
  }
  return { raw: out, type: 'text/csv; charset=utf-8' };
}

function access() {
  return [...Array(120).keys()].map((k) => ({
    time: START - k * 97_000,
    user: k % 17 === 5 ? '' : ['wang', 'li', 'admin'][k % 3],
    client: `10.0.0.${20 + (k % 4)}`,
    method: k % 5 ? 'GET' : 'POST',
    path:
      k % 17 === 5
        ? '/api/v1/login'
        : [
            '/api/v1/site',
            '/api/v1/stream',
            '/api/v1/requests',
            '/api/v1/history',
            '/api/v1/users',
          ][k % 5],
    status: k % 17 === 5 ? 401 : k % 23 === 7 ? 403 : 200,
  }));
}

async function postUser(readBody) {
  const b = await readBody();
  if (users.some((u) => u.user === b.user))
    return {
      refused: 409,
      code: 'KT_ECONFLICT',
      text: `there is a user "${b.user}" already`,
      text_zh: `已有用户 ${b.user}`,
    };
  users.push({
    language: 'zh',
    roles: [],
    disabled: false,
    locked: false,
    must_change_password: true,
    created: Date.now(),
    last_login: 0,
    ...b,
    password: undefined,
  });
  return {};
}

async function patchUser(name, readBody) {
  const u = users.find((x) => x.user === name);
  if (!u)
    return {
      refused: 404,
      code: 'KT_ENOTFOUND',
      text: `no user "${name}"`,
      text_zh: `没有用户 ${name}`,
    };
  const { password, ...b } = await readBody();
  Object.assign(u, b, password ? { must_change_password: true, locked: false } : {});
  return {};
}

function report(kind, q, ctx) {
  if (!REPORT_COLUMNS[kind]) return undefined;
  const r = bodyOf(kind, q, ctx, reportRow);
  const format = q.get('format') ?? 'json';
  if (format === 'json') return r;
  if (format === 'html')
    return {
      raw: `<!doctype html><title>${r.title}</title><h1>${r.title}</h1>`,
      type: 'text/html; charset=utf-8',
    };
  return { raw: `${r.title} (${format})`, type: 'application/octet-stream' };
}

/** The records of a point, as GET /points/{id} gives them. */
function recordsOf(p, ctx) {
  const row = limitRows(ctx).find((r) => r.point === p.id);
  const of = (list) => list.filter((x) => x.point === p.id);
  return {
    pack_limits: row
      ? {
          ...row.pack,
          source: row.source,
          range_text: text(
            '工作面及其回风巷内全部非本质安全型电气设备',
            'All equipment that is not intrinsically safe',
          ),
        }
      : null,
    cuts: p.cutoff
      ? (ranges(ctx).find((r) => r.point === p.id)?.switches ?? []).map((s) => s.output)
      : [],
    rules: ctx.rules
      .filter((r) =>
        (p.role.startsWith('ch4')
          ? ['gas.over-limit', 'gas.cut', 'sensor.fault']
          : p.role === 'dust'
            ? ['dust.high', 'sensor.fault']
            : p.role === 'wind.speed'
              ? ['wind.low', 'sensor.fault']
              : ['sensor.fault']
        ).includes(r.id),
      )
      .map((r) => r.id),
    limits: of(changes),
    proposals: of(proposals),
    calibrations: of(calibrations),
    commands: [],
    tests: of(tests),
    manual: of(manual),
  };
}

/** One second above the cut value, forty days ago: a year's picture has to show it. */
export const SPIKE = {
  point: 'T1-1203',
  at: Math.floor((START - 40 * DAY) / 1000) * 1000,
  value: 1.62,
};

function history(q, ctx) {
  const [from, to] = [Number(q.get('from')), Math.min(Number(q.get('to')), Date.now())];
  const n = Number(q.get('buckets') ?? 500);
  const list = (q.get('points') ?? '')
    .split(',')
    .map((id) => ctx.byId.get(id))
    .filter(Boolean);
  const at = (p, t) =>
    p.id === SPIKE.point && Math.floor(t / 1000) * 1000 === SPIKE.at
      ? SPIKE.value
      : ctx.valueAt(p, t);
  // forty minutes without data, every half day
  const gap = (p, t) => p.kind === 'analog' && (t + p.i * HOUR) % (DAY / 2) < 40 * 60_000;
  const raw = (p) => {
    const s = { id: p.id, name: p.name, unit: p.unit, t: [], v: [], q: [], cut: false };
    for (let t = Math.ceil(from / 1000) * 1000; t < to && s.t.length < 100_000; t += 1000) {
      if (gap(p, t)) continue;
      s.t.push(t);
      s.v.push(at(p, t));
      s.q.push(ctx.qualityAt(p, t));
    }
    return s;
  };
  const buckets = (p) => {
    const s = {
      id: p.id,
      name: p.name,
      unit: p.unit,
      t: [],
      min: [],
      max: [],
      mean: [],
      last: [],
      count: [],
      quality: [],
    };
    const w = (Number(q.get('to')) - from) / n;
    for (let k = 0; k < n; k++) {
      const t = from + k * w;
      const v = [0, 0.2, 0.4, 0.6, 0.8, 0.999].map((f) => at(p, t + w * f));
      if (p.id === SPIKE.point && t <= SPIKE.at && SPIKE.at < t + w) v[2] = SPIKE.value;
      const none = (w < 40 * 60_000 && gap(p, t)) || t > Date.now();
      s.t.push(Math.round(t));
      s.min.push(none ? null : Math.min(...v));
      s.max.push(none ? null : Math.max(...v));
      s.mean.push(none ? null : ctx.valueAt(p, t + w / 2));
      s.last.push(none ? null : v[5]);
      s.count.push(none ? 0 : Math.max(1, Math.round(w / 1000)));
      s.quality.push(ctx.qualityAt(p, t));
    }
    return s;
  };
  // what is older than 200 days is in the long history, which keeps milliseconds and 12 digits
  const border = Date.now() - 200 * DAY;
  const old = from < border && { before: border, resolution_ms: 1, digits: 12 };
  const series = list.map(n ? buckets : raw);
  return { from, to, points: old ? series.map((s) => ({ ...s, old })) : series };
}

const GET = {
  '/history': (q, ctx) => history(q, ctx),
  '/events': (q, ctx) => events(q, ctx),
  '/limits': (q, ctx) => ({
    items: limitRows(ctx).filter((r) => !q.get('group') || r.group === q.get('group')),
  }),
  '/proposals': (_, ctx) => ({
    items: proposals.map((p) => ({ ...p, name_zh: ctx.byId.get(p.point).name })),
    next: null,
  }),
  '/ranges': (_, ctx) => ({ items: ranges(ctx) }),
  '/calibrations': () => ({ items: calibrations, next: null }),
  '/tests': () => ({ items: tests, next: null }),
  '/alarms/kpi': (q, ctx) => kpi(q, ctx),
  '/health': () => health(),
  '/users': () => ({ items: users, next: null }),
  '/roles': () => ({ items: ROLES }),
  '/audit': (q) => ({ items: access().filter((a) => !q.get('user') || a.user === q.get('user')) }),
  '/export': (q, ctx) => exported(q, ctx),
};

export async function extra(method, path, q, readBody, ctx) {
  if (method === 'GET' && GET[path]) return GET[path](q, ctx);
  if (method === 'POST' && path === '/backtest') return startJob(readBody, ctx);
  if (method === 'POST' && path === '/users') return postUser(readBody);
  const [, what, name] = path.split('/').map(decodeURIComponent);
  if (method === 'PATCH' && what === 'users') return patchUser(name, readBody);
  const p = method === 'GET' && what === 'points' && name && ctx.byId.get(name);
  if (p) return { ...p, tags: [], ...recordsOf(p, ctx) };
  if (method === 'GET' && what === 'jobs' && name) return job(Number(name), ctx);
  if (method === 'GET' && what === 'reports' && name) return report(name, q, ctx);
  return undefined;
}

const drop = (list, item) => list.splice(list.indexOf(item), 1);

function find(list, id, fx) {
  const one = list.find((x) => x.id === id);
  if (!one) throw new fx.Refused('KT_ENOTFOUND', 'no such record', '没有这条记录', 404);
  return one;
}

export const verbs = {
  'limit.propose': ({ point, name, value, reason }, who, fx) => {
    if (value > 40)
      throw new fx.Refused('KT_EINVAL', 'value: not within the measuring range', '不在量程内', 400);
    const id = fx.next();
    proposals.push({ id, point, name, value, before: 1, by: who, reason, at: Date.now() });
    fx.tell('outcome', { type: 'limit', change: 'propose', id, point });
    return { proposal: id };
  },
  'limit.approve': ({ proposal }, who, fx) => {
    const p = find(proposals, proposal, fx);
    if (p.by === who)
      throw new fx.Refused(
        'KT_EDENIED',
        `another person than ${who} approves`,
        '须由另一人批准',
        403,
      );
    drop(proposals, p);
    for (const c of changes) if (c.point === p.point && c.name === p.name) c.in_force = false;
    changes.push({ ...p, second: who, at: Date.now(), in_force: true });
    fx.tell('outcome', { type: 'limit', change: 'approve', id: p.id, point: p.point });
  },
  'limit.reject': ({ proposal }, _, fx) => {
    const p = find(proposals, proposal, fx);
    drop(proposals, p);
    fx.tell('outcome', { type: 'limit', change: 'reject', id: p.id, point: p.point });
  },
  'calibration.open': ({ point, gas, minutes }, who, fx) => {
    if (calibrations.some((c) => c.point === point && c.state === 'open'))
      throw new fx.Refused(
        'KT_ECONFLICT',
        `${point} has an open calibration already`,
        '该测点已在调校',
      );
    const id = fx.next();
    calibrations.unshift({
      id,
      point,
      state: 'open',
      by: who,
      gas,
      opened: Date.now(),
      until: Date.now() + minutes * 60_000,
    });
    fx.tell('outcome', { type: 'calibration', change: 'open', point });
    return { record: id };
  },
  'calibration.extend': ({ record, minutes }, who, fx) => {
    const c = find(calibrations, record, fx);
    if (c.by === who)
      throw new fx.Refused(
        'KT_EDENIED',
        `another person than ${who} extends it`,
        '须由另一人延长',
        403,
      );
    Object.assign(c, { until: Date.now() + minutes * 60_000, second: who });
    fx.tell('outcome', { type: 'calibration', change: 'extend', point: c.point });
  },
  'calibration.close': ({ record, result }, _, fx) => {
    const c = find(calibrations, record, fx);
    Object.assign(c, { state: 'closed', closed: Date.now(), result });
    fx.tell('outcome', { type: 'calibration', change: 'close', point: c.point });
  },
  'test.record': ({ point, passed, note }, who, fx) => {
    const old = tests.find((x) => x.point === point);
    if (old) drop(tests, old);
    tests.unshift({
      point,
      passed,
      overdue: false,
      by: who,
      note,
      at: Date.now(),
      last_pass: passed ? Date.now() : (old?.last_pass ?? null),
    });
    fx.tell('outcome', { type: 'test', point });
  },
  'manual.set': ({ point, value, reason }, who, fx) => {
    if (fx.byId.get(point)?.cutoff)
      throw new fx.Refused(
        'KT_EDENIED',
        `${point} is a cut-off sensor: no value by hand`,
        '断电传感器不可置手动值',
        403,
      );
    const old = manual.find((x) => x.point === point);
    if (old) drop(manual, old);
    manual.push({ point, value, by: who, reason, at: Date.now() });
    fx.tell('outcome', { type: 'note', point });
  },
  'manual.clear': ({ point }, _, fx) => {
    const old = manual.find((x) => x.point === point);
    if (old) drop(manual, old);
    fx.tell('outcome', { type: 'note', point });
  },
};
