// SPDX-License-Identifier: Apache-2.0
// A development aid: a small server that answers the HTTP contract with a made-up mine and serves
// web/dist, so that screens can be looked at and tested without the program. Nothing is kept.
//   node dev/fixture.mjs [port]      users: any name, password "demo"
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIMITS, MAP, POINTS, qualityAt, RULES, SITE, valueAt } from './mine.mjs';
import { extra, verbs as moreVerbs } from './more.mjs';
import { rightsOf, answer as roomAnswer, verbs as roomVerbs } from './records.mjs';

const DIST = process.env.KT_DIST ?? fileURLToPath(new URL('../dist/', import.meta.url));
const CSP =
  "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};
const START = Date.now();
const RIGHTS =
  'view history.read export alarm.ack alarm.shelve alarm.oos output.open output.close output.confirm output.tag output.untag calibration.write limit.propose limit.approve card.write test.write handover manual.set drill site.reload user.admin security.admin audit.read report.read report.sign backtest'.split(
    ' ',
  );

const byId = new Map(POINTS.map((p) => [p.id, p]));
let seq = 1000;
const sessions = new Map();
const streams = new Set();
const alarms = new Map();
const cards = new Map();
const notes = [];
const signatures = [];
const tags = new Map();
const outputs = new Map(
  POINTS.filter((p) => p.kind === 'output').map((p) => [p.id, { value: 1, command: null }]),
);
const events = [];
/** Verdicts by request key: a repeat gets the first answer. */
const answered = new Map();
let paused = false;

function error(res, status, code, text, text_zh) {
  json(res, { error: { code, text, text_zh } }, status);
}

function json(res, body, status = 200, headers = {}) {
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Security-Policy': CSP,
    ...headers,
  });
  res.end(JSON.stringify(body));
}

function tell(type, data, id = seq) {
  if (paused) return;
  for (const s of streams) s.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** One entry of the journal about an alarm. */
function note(a, what, time, by = '', text = '') {
  events.unshift({
    seq: ++seq,
    time,
    kind: 'outcome',
    origin: '',
    body: {
      type: 'alarm',
      id: a.id,
      rule: a.rule,
      point: a.point,
      place: a.place,
      state: a.state,
      change: what,
      priority: a.priority,
      raised: a.raised,
      by,
      note: text,
    },
  });
}

function raise(ruleId, pointId, ageMs, more = {}) {
  const rule = RULES.find((r) => r.id === ruleId);
  const p = byId.get(pointId);
  const limit = LIMITS[p.role]?.alarm ?? LIMITS[p.role]?.low_alarm;
  const a = {
    id: ++seq,
    rule: ruleId,
    point: pointId,
    place: p.place,
    state: 'unack',
    change: 'raise',
    priority: rule.priority,
    statutory: rule.statutory,
    category: rule.category,
    value: valueAt(p, Date.now()),
    ...(limit === undefined ? {} : { limit }),
    unit: p.unit,
    peak: valueAt(p, Date.now()) + 0.1,
    raised: Date.now() - ageMs,
    by: '',
    note: '',
    quality: 'normal',
    name: p.name,
    place_name: p.place,
    title: rule.title,
    ...more,
  };
  note(a, 'raise', a.raised);
  alarms.set(a.id, a);
  if (rule.priority === 1) openCard(a);
  return a;
}

function openCard(a) {
  const id = ++seq;
  cards.set(id, {
    id,
    alarm: a.id,
    state: 'open',
    card: 'gas',
    rule: a.rule,
    point: a.point,
    opened: a.raised,
    next_followup: a.raised + 1800_000,
    overdue: false,
    raises: 1,
    cause: '',
    measure: '',
    log: [{ time: a.raised, change: 'open', by: 'rule:gas' }],
  });
}

const first = raise('gas.over-limit', 'T2-1203', 134_000, { value: 1.12, peak: 1.2 });
raise('gas.cut', 'T1-1401', 61_000, { value: 1.52 });
raise('feed.anomaly', 'K-1401-F', 30_000, {
  first_out: alarms.size ? [...alarms.values()][1].id : null,
});
raise('wind.low', 'F-1203', 500_000, {
  state: 'ack',
  acked: Date.now() - 400_000,
  by: '李强',
  value: 0.42,
  first_out: first.id,
});
let firstFault = null;
for (let k = 1; k <= 5; k++) {
  const a = raise('sensor.fault', `T3-1205-${k}`, 1_000_000 + k * 60_000, {
    first_out: firstFault,
    state: k % 2 ? 'unack' : 'ack',
  });
  firstFault ??= a.id;
}
raise('dust.high', 'C-1203-1', 3_000_000, { value: 8.1 });
raise('dust.high', 'C-1301-2', 5_000_000, { state: 'rtn', cleared: Date.now() - 1_000_000 });
raise('wind.low', 'M-1', 90_000_000, {
  state: 'shelved',
  until: Date.now() + 1800_000,
  by: '王伟',
  note: '修理风门',
});
raise('dust.high', 'C-1303-4', 8_000_000, { state: 'suppressed', note: '工作面停产' });
raise('sensor.fault', 'W-1303', 40_000_000, { state: 'oos', by: '赵工' });
for (let k = 0; k < 400; k++) {
  const rule = RULES[[3, 4, 5, 5, 4, 3, 0][k % 7]];
  const p = POINTS[(k * 37) % 250];
  const raised = START - 200_000 - k * 400_000 - (k % 13) * 30_000;
  const id = k + 1;
  alarms.set(id, {
    id,
    rule: rule.id,
    point: p.id,
    place: p.place,
    state: 'normal',
    change: 'clear',
    priority: rule.priority,
    statutory: rule.statutory,
    category: rule.category,
    value: valueAt(p, raised),
    unit: p.unit,
    raised,
    acked: raised + 60_000,
    cleared: raised + 240_000,
    by: '王伟',
    title: rule.title,
    name: p.name,
  });
}

const STATES = {
  active: ['unack', 'ack', 'rtn'],
  shelved: ['shelved'],
  suppressed: ['suppressed'],
  oos: ['oos'],
};

function listAlarms(q) {
  const state = q.get('state') ?? 'active';
  let list = [...alarms.values()];
  if (state === 'history') {
    const [from, to] = [Number(q.get('from') ?? 0), Number(q.get('to') ?? Date.now())];
    list = list
      .filter((a) => a.raised >= from && a.raised <= to)
      .sort((a, b) => b.raised - a.raised);
  } else list = list.filter((a) => STATES[state]?.includes(a.state));
  const priorities = q.get('priority')?.split(',').map(Number);
  if (priorities) list = list.filter((a) => priorities.includes(a.priority));
  const limit = Number(q.get('limit') ?? 200);
  const at = Number(q.get('cursor') ?? 0);
  const counts = { priority: {}, category: {} };
  for (const a of list) counts.priority[a.priority] = (counts.priority[a.priority] ?? 0) + 1;
  return {
    items: list.slice(at, at + limit),
    next: at + limit < list.length ? String(at + limit) : null,
    counts,
  };
}

function output(id) {
  const o = outputs.get(id);
  const p = byId.get(id);
  const gas =
    POINTS.find((x) => x.role === 'ch4.return' && p.serves?.includes(x.place)) ??
    POINTS.find((x) => x.role === 'ch4.face');
  const v = valueAt(gas, Date.now());
  const conditions = [
    {
      text: { zh: `${gas.name} < 1.0 %CH4（现 ${v}）`, en: `${gas.name_en} < 1.0 %CH4 (now ${v})` },
      ok: v < 1,
    },
    { text: { zh: '局部通风机运行', en: 'Local fan running' }, ok: true },
    { text: { zh: '无挂牌', en: 'No tag-out' }, ok: !tags.has(id) },
  ];
  const feed = p.feed ? tuple(byId.get(p.feed), Date.now())[1] : null;
  return {
    output: id,
    opening: 0,
    value: o.value,
    commanded: o.command?.value ?? null,
    feed,
    feed_point: p.feed ?? null,
    anomaly: id === 'K-1401',
    unread: false,
    two_person: !!p.two_person,
    latched_by: v >= 1 ? [gas.id] : [],
    tags: tags.has(id) ? [tags.get(id)] : [],
    interlock: { ok: conditions.every((c) => c.ok), conditions },
    command: o.command,
    name: p.name,
  };
}

function tuple(p, ms) {
  const q = qualityAt(p, ms);
  if (p.kind === 'output') return [p.i, outputs.get(p.id).value, 'normal', ms];
  const owner = POINTS.find((x) => x.feed === p.id);
  if (owner)
    return [
      p.i,
      p.id === 'K-1401-F' ? 1 : outputs.get(owner.id).value,
      p.id === 'K-1401-F' ? 'feed-anomaly' : 'normal',
      ms,
    ];
  return [p.i, q === 'broken' ? null : valueAt(p, ms), q, q === 'stale' ? ms - 45_000 : ms];
}

function change(a, what, who, more) {
  Object.assign(a, { change: what, ...more });
  note(a, what, Date.now(), who, more.note);
  seq++;
  tell('alarm', a);
}

function runCommand(c, states, delay = 700) {
  const [state, ...rest] = states;
  if (!state) return;
  setTimeout(() => {
    c.state = state;
    if (state === 'readback') outputs.get(c.output).value = c.value;
    seq++;
    tell('command', c);
    runCommand(c, rest, delay);
  }, delay).unref();
}

class Refused extends Error {
  constructor(code, text, text_zh, status = 409) {
    super(text);
    Object.assign(this, { code, text_zh, status });
  }
}

function command({ output: id, value, reason }, who) {
  const o = outputs.get(id);
  const state = output(id);
  if (value === 1 && !state.interlock.ok)
    throw new Refused('KT_EINTERLOCK', 'an interlock condition does not hold', '联锁条件不满足');
  const c = {
    id: ++seq,
    output: id,
    value,
    state: 'requested',
    by: who,
    reason,
    text: '',
    expires: Date.now() + 60_000,
    requested: Date.now(),
  };
  o.command = c;
  tell('command', c);
  if (!(value === 1 && byId.get(id).two_person)) runCommand(c, ['sent', 'readback', 'proved']);
  return { command: c.id };
}

const VERBS = {
  'alarm.ack': ({ alarms: ids, note }, who) => {
    for (const id of ids) {
      const a = alarms.get(id);
      if (!a || !['unack', 'rtn'].includes(a.state))
        throw new Refused('KT_ECONFLICT', 'already acknowledged', '已经确认');
      change(a, 'ack', who, {
        state: a.state === 'rtn' ? 'normal' : 'ack',
        acked: Date.now(),
        by: who,
        note,
      });
    }
  },
  'alarm.shelve': ({ alarms: ids, minutes, reason }, who) => {
    for (const id of ids) {
      const a = alarms.get(id);
      if (a.statutory)
        throw new Refused(
          'KT_EDENIED',
          'a statutory alarm cannot be shelved',
          '法定报警不可搁置',
          403,
        );
      change(a, 'shelve', who, {
        state: 'shelved',
        until: Date.now() + minutes * 60_000,
        by: who,
        note: reason,
      });
    }
  },
  'alarm.unshelve': ({ alarms: ids }, who) => {
    for (const id of ids) change(alarms.get(id), 'unshelve', who, { state: 'unack', until: null });
  },
  'alarm.oos': ({ point, rule, reason }, who) => {
    for (const a of alarms.values())
      if (a.point === point && a.rule === rule && a.state !== 'normal')
        change(a, 'oos', who, { state: 'oos', by: who, note: reason });
  },
  'alarm.return': ({ point, rule }, who) => {
    for (const a of alarms.values())
      if (a.point === point && a.rule === rule && a.state === 'oos')
        change(a, 'return', who, { state: 'unack' });
  },
  'output.command': command,
  'output.confirm': ({ command: id }, who) => {
    const o = [...outputs.values()].find((x) => x.command?.id === id);
    if (!o) throw new Refused('KT_ENOTFOUND', 'no such command', '没有这个命令', 404);
    if (o.command.by === who)
      throw new Refused(
        'KT_EDENIED',
        'the second person must be another',
        '第二人不能是发令人',
        403,
      );
    o.command.second = who;
    runCommand(o.command, ['confirmed', 'sent', 'readback', 'proved']);
  },
  'output.cancel': ({ command: id }) => {
    const o = [...outputs.values()].find((x) => x.command?.id === id);
    if (o) runCommand(o.command, ['expired'], 50);
  },
  'output.tag': ({ output: id, reason }, who) => {
    tags.set(id, { id: ++seq, output: id, by: who, reason, at: Date.now() });
    tell('outcome', { type: 'tag', output: id });
  },
  'output.untag': ({ output: id }) => {
    tags.delete(id);
    tell('outcome', { type: 'tag', output: id });
  },
  'card.step': (args, who) => entry(args.card, 'step', who, { step: args.step, text: args.text }),
  'card.measure': (args, who) =>
    entry(
      args.card,
      'measure',
      who,
      { text: `${args.cause} / ${args.measure}` },
      { cause: args.cause, measure: args.measure },
    ),
  'card.followup': (args, who) =>
    entry(
      args.card,
      'followup',
      who,
      { text: args.text },
      { next_followup: Date.now() + 1800_000 },
    ),
  'card.close': (args, who) =>
    entry(args.card, 'close', who, { text: args.text }, { state: 'closed', closed: Date.now() }),
  'handover.sign': (args, who) => signatures.push({ at: Date.now(), by: who, ...args }),
  'note.add': ({ point, place, text }, who) =>
    notes.push({ id: ++seq, where: point ?? place, by: who, text, at: Date.now() }),
};

function entry(id, what, who, e, more = {}) {
  const c = cards.get(id);
  if (!c || c.state === 'closed')
    throw new Refused('KT_ECONFLICT', 'the card is closed', '处置卡已结案');
  c.log.push({ time: Date.now(), change: what, by: who, ...e });
  Object.assign(c, more);
  seq++;
  tell('outcome', { type: 'card', id, alarm: c.alarm, change: what, state: c.state });
}

function history(q) {
  const [from, to] = [Number(q.get('from')), Number(q.get('to'))];
  const n = Number(q.get('buckets') || 300);
  const points = (q.get('points') ?? '').split(',').filter((id) => byId.has(id));
  return {
    points: points.map((id) => {
      const p = byId.get(id);
      const s = {
        id,
        unit: p.unit,
        t: [],
        min: [],
        max: [],
        mean: [],
        last: [],
        count: [],
        quality: [],
      };
      for (let k = 0; k < n; k++) {
        const t = from + ((to - from) * k) / n;
        const v = [0, 0.25, 0.5, 0.75].map((f) => valueAt(p, t + ((to - from) / n) * f));
        const gap = p.kind === 'analog' && k % 97 > 93;
        s.t.push(Math.round(t));
        s.min.push(gap ? null : Math.min(...v));
        s.max.push(gap ? null : Math.max(...v));
        s.mean.push(gap ? null : v.reduce((a, b) => a + b) / 4);
        s.last.push(gap ? null : v[3]);
        s.count.push(gap ? 0 : 60);
        s.quality.push('normal');
      }
      return s;
    }),
  };
}

function alarmsAt(at) {
  return [...alarms.values()]
    .filter(
      (a) =>
        a.raised <= at && !(a.cleared && a.cleared <= at) && !(a.state === 'normal' && !a.cleared),
    )
    .map((a) => ({ ...a, state: a.acked && a.acked <= at ? 'ack' : 'unack' }));
}

function sse(res) {
  res.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': CSP,
  });
  return (type, data) => res.write(`id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}

function openStream(req, res) {
  const send = sse(res);
  send('hello', { sid: `s${streams.size}`, seq, now: Date.now(), clock: 'real' });
  send('live', { t: Date.now(), p: POINTS.map((p) => tuple(p, Date.now())) });
  streams.add(res);
  req.on('close', () => streams.delete(res));
}

function openReplay(req, res, q) {
  const send = sse(res);
  const speed = Number(q.get('speed') ?? 1);
  const at0 = Number(q.get('at'));
  const t0 = Date.now();
  const timer = setInterval(() => {
    const at = Math.round(at0 + (Date.now() - t0) * speed);
    send('live', { t: at, p: POINTS.map((p) => tuple(p, at)) });
    send('clock', { now: Date.now(), engine: at, lag_ms: 0, simulation: true });
  }, 250);
  req.on('close', () => clearInterval(timer));
}

function pointDetail(id) {
  const p = byId.get(id);
  const l = LIMITS[p.role];
  return {
    ...p,
    pack_limits: l
      ? {
          ...l,
          source: { standard: '煤矿安全规程', edition: '2016', clause: '第498条', verified: true },
        }
      : null,
    cuts: p.cutoff
      ? POINTS.filter((x) => x.kind === 'output' && x.serves?.includes(p.place)).map((x) => x.id)
      : [],
    rules: [],
    limits:
      p.id === 'T1-1203'
        ? [
            {
              id: 5,
              point: p.id,
              name: 'alarm',
              value: 0.8,
              before: 1,
              by: 'zhao',
              second: 'wang',
              reason: '过断层',
              at: START - 86_400_000,
              in_force: true,
            },
          ]
        : [],
    calibrations:
      p.id === 'CO-1301'
        ? [{ id: 7, point: p.id, state: 'open', opened: START, by: '李强', gas: '20 ppm' }]
        : [],
    tags: [],
    manual:
      p.id === 'C-1203-2'
        ? [{ point: p.id, value: 4, by: '王伟', reason: '传感器送检', at: START }]
        : [],
  };
}

function kpi(from, to) {
  const list = [...alarms.values()].filter((a) => a.raised >= from && a.raised < to);
  const per = new Array(Math.floor((to - from) / 600_000) + 1).fill(0);
  for (const a of list) per[Math.floor((a.raised - from) / 600_000)]++;
  const priority = { 1: 0, 2: 0, 3: 0, 4: 0 };
  const worst = new Map();
  for (const a of list) {
    priority[a.priority]++;
    worst.set(a.point, (worst.get(a.point) ?? 0) + 1);
  }
  const top = [...worst]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 10)
    .map(([point, count]) => ({
      point,
      rule: 'sensor.fault',
      name: byId.get(point).name,
      count,
      share: count / list.length,
    }));
  return {
    from,
    to,
    total: list.length,
    stale: 0,
    acknowledged: list.length,
    ack_seconds: 48,
    per_10min: per,
    average: list.length / per.length,
    peak: Math.max(...per),
    flood_periods: 0,
    flood_share: 0,
    priority,
    top,
    chattering: [],
  };
}

const ROUTES = {
  'GET /site': () => SITE,
  'GET /map': () => MAP,
  'GET /points': () => ({ items: POINTS, next: null }),
  'GET /live': () => POINTS.map((p) => tuple(p, Date.now())),
  'GET /alarms': (q) => listAlarms(q),
  'GET /alarms/kpi': (q) => kpi(Number(q.get('from')), Number(q.get('to'))),
  'GET /outputs': () => ({ items: [...outputs.keys()].map(output), next: null }),
  'GET /commands': () => ({
    items: [...outputs.values()].map((o) => o.command).filter(Boolean),
    next: null,
  }),
  'GET /cards': () => ({ items: [...cards.values()].reverse(), next: null }),
  'GET /history': (q) => history(q),
  'GET /replay': (q) => {
    const at = Number(q.get('at'));
    return {
      at,
      seq,
      live: POINTS.map((p) => tuple(p, at)),
      alarms: alarmsAt(at),
      outputs: [...outputs.keys()].map(output),
    };
  },
  'GET /handover': () => ({
    alarms: [...alarms.values()].filter((a) => a.state !== 'normal'),
    tags: [...tags.values()],
    calibrations: [
      { id: 7, point: 'CO-1301', state: 'open', by: '李强', until: Date.now() + 600_000 },
    ],
    commands: [],
    cards: [...cards.values()],
    notes,
    handover: signatures,
  }),
};

function bytes(req) {
  return new Promise((done) => {
    const parts = [];
    req.on('data', (d) => parts.push(d));
    req.on('end', () => done(Buffer.concat(parts)));
  });
}

function body(req) {
  return new Promise((done) => {
    let s = '';
    req.on('data', (d) => (s += d));
    req.on('end', () => done(s ? JSON.parse(s) : {}));
  });
}

const CA = '-----BEGIN CERTIFICATE-----\nbWFkZSB1cA==\n-----END CERTIFICATE-----\n';

async function answer(req, res, path, q) {
  if (path === '/certificate') {
    const type = 'application/x-x509-ca-cert';
    res.writeHead(200, { 'Content-Type': type, 'X-Kuangtu-Https': '0.0.0.0:8443' });
    return res.end(CA);
  }
  if (path === '/login') {
    const { user, password } = await body(req);
    if (password !== 'demo')
      return error(res, 401, 'KT_EDENIED', 'wrong user or password', '用户名或密码错误');
    const sid = Math.random().toString(36).slice(2);
    sessions.set(sid, user);
    return json(res, { ok: true }, 200, {
      'Set-Cookie': `kt_session=${sid}; HttpOnly; SameSite=Strict; Path=/`,
    });
  }
  const sid = /kt_session=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
  const who = sessions.get(sid);
  if (!who) return error(res, 401, 'KT_EDENIED', 'log in first', '请先登录');
  if (req.method !== 'GET' && req.headers['x-kuangtu'] !== '1')
    return error(res, 403, 'KT_EDENIED', 'header X-Kuangtu is missing', '缺少请求头');
  if (path === '/me')
    return json(res, {
      user: who,
      name: who === 'li' ? '李强' : who === 'qian' ? '钱录入' : '王伟',
      rights: [...RIGHTS, ...rightsOf(who)],
      places: ['*'],
      must_change_password: false,
      language: 'zh',
    });
  if (path === '/logout') {
    sessions.delete(sid);
    return json(res, {});
  }
  if (path === '/stream') return openStream(req, res);
  if (path === '/replay/stream') return openReplay(req, res, q);
  if (path === '/requests') {
    const { verb, args, key } = await body(req);
    if (key && answered.has(key)) return json(res, answered.get(key));
    try {
      const run = VERBS[verb] ?? moreVerbs[verb] ?? roomVerbs[verb];
      const result = run?.(args, who, { tell, Refused, next: () => ++seq, byId }) ?? {};
      const verdict = { seq: ++seq, result: typeof result === 'object' ? result : {} };
      if (key) answered.set(key, verdict);
      return json(res, verdict);
    } catch (e) {
      return error(res, e.status ?? 400, e.code ?? 'KT_EINVAL', e.message, e.text_zh);
    }
  }
  try {
    const room = await roomAnswer(req.method, path, q, () => bytes(req), {
      who,
      points: POINTS,
      site: SITE,
      tell,
    });
    if (room?.raw !== undefined) {
      const name = room.name
        ? { 'Content-Disposition': `attachment; filename="${room.name}"` }
        : {};
      res.writeHead(200, { 'Content-Type': room.type, 'Content-Security-Policy': CSP, ...name });
      return res.end(room.raw);
    }
    if (room !== undefined) return json(res, room, room?.job ? 202 : 200);
  } catch (e) {
    return error(res, e.status ?? 500, e.code ?? 'KT_EIO', e.message, e.text_zh);
  }
  const more = await extra(req.method, path, q, () => body(req), {
    who,
    points: POINTS,
    byId,
    events,
    site: SITE,
    limits: LIMITS,
    rules: RULES,
    alarms,
    valueAt,
    qualityAt,
  });
  if (more?.raw !== undefined) {
    res.writeHead(200, { 'Content-Type': more.type, 'Content-Security-Policy': CSP });
    return res.end(more.raw);
  }
  if (more?.refused) return error(res, more.refused, more.code, more.text, more.text_zh);
  if (more !== undefined) return json(res, more);
  const route = ROUTES[`${req.method} ${path}`];
  if (route) return json(res, route(q));
  const one = /^\/(alarms|points|outputs|cards)\/([^/]+)$/.exec(path);
  if (one && req.method === 'GET') {
    const id = decodeURIComponent(one[2]);
    if (one[1] === 'points' && byId.has(id)) return json(res, pointDetail(id));
    if (one[1] === 'outputs' && outputs.has(id)) return json(res, output(id));
    if (one[1] === 'cards' && cards.has(Number(id))) return json(res, cards.get(Number(id)));
    const a = one[1] === 'alarms' && alarms.get(Number(id));
    if (a)
      return json(res, { alarm: a, cards: [...cards.values()].filter((c) => c.alarm === a.id) });
  }
  error(res, 404, 'KT_ENOTFOUND', `no such thing: ${path}`, `没有：${path}`);
}

function file(res, path) {
  const name = join(
    DIST,
    normalize(path === '/' ? '/index.html' : path === '/phone' ? '/phone.html' : path),
  );
  if (!name.startsWith(DIST) || !existsSync(name) || !statSync(name).isFile()) {
    res.writeHead(404);
    return res.end();
  }
  res.writeHead(200, {
    'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
    'Content-Security-Policy': CSP,
    'X-Content-Type-Options': 'nosniff',
  });
  createReadStream(name).pipe(res);
}

/** Starts the fixture; resolves with what a test needs of it. */
export function serve(port = 0) {
  const server = createServer((req, res) => {
    const u = new URL(req.url, 'http://x');
    if (!u.pathname.startsWith('/api/v1')) return file(res, u.pathname);
    answer(req, res, u.pathname.slice(7), u.searchParams).catch((e) =>
      error(res, 500, 'KT_EIO', e.message),
    );
  });
  const tick = setInterval(() => {
    const now = Date.now();
    tell('live', {
      t: now,
      p: POINTS.filter((p) => (p.i + Math.floor(now / 500)) % 2 === 0).map((p) => tuple(p, now)),
    });
  }, 500);
  const clock = setInterval(
    () =>
      tell('clock', {
        now: Date.now(),
        engine: Date.now(),
        lag_ms: 20,
        simulation: true,
        drill: false,
      }),
    1000,
  );
  return new Promise((done) => {
    server.listen(port, '127.0.0.1', () => {
      done({
        url: `http://127.0.0.1:${server.address().port}/`,
        raise: (rule, point, more) => {
          const a = raise(rule, point, 0, more);
          tell('alarm', a);
          return a.id;
        },
        /** Silence on the open streams: a dead line as the browser sees it. */
        silence: (on) => {
          paused = on;
        },
        drop: () => {
          for (const s of streams) s.destroy();
        },
        close: () => {
          clearInterval(tick);
          clearInterval(clock);
          for (const s of streams) s.destroy();
          server.closeAllConnections?.();
          return new Promise((r) => server.close(r));
        },
      });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve(Number(process.argv[2] ?? 8099));
  console.log(`${url}  (any user, password "demo")`);
}
