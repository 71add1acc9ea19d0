// SPDX-License-Identifier: Apache-2.0
// A made-up mine (演示) for looking at screens without the program: places, points, drawing, rules.
const X0 = 487000;
const Y0 = 4352000;

const text = (zh, en) => ({ zh, en });

export const ROLES = [
  {
    id: 'ch4.face',
    title: text('采煤工作面甲烷', 'Methane at a coaling face'),
    short: 'T1',
    kind: 'analog',
    unit: '%CH4',
    group: 'gas',
  },
  {
    id: 'ch4.return',
    title: text('回风流甲烷', 'Methane in the return'),
    short: 'T2',
    kind: 'analog',
    unit: '%CH4',
    group: 'gas',
  },
  {
    id: 'wind.speed',
    title: text('风速', 'Air speed'),
    short: 'F',
    kind: 'analog',
    unit: 'm/s',
    group: 'wind',
  },
  {
    id: 'co',
    title: text('一氧化碳', 'Carbon monoxide'),
    short: 'CO',
    kind: 'analog',
    unit: 'ppm',
    group: 'co',
  },
  {
    id: 'temp',
    title: text('温度', 'Temperature'),
    short: 'W',
    kind: 'analog',
    unit: '℃',
    group: 'temperature',
  },
  {
    id: 'dust',
    title: text('粉尘', 'Dust'),
    short: 'C',
    kind: 'analog',
    unit: 'mg/m³',
    group: 'dust',
  },
  {
    id: 'fan.main',
    title: text('主通风机', 'Main fan'),
    short: '主扇',
    kind: 'switch',
    group: 'fan',
    off: text('停止', 'stopped'),
    on: text('运行', 'running'),
  },
  {
    id: 'fan.local',
    title: text('局部通风机', 'Local fan'),
    short: '局扇',
    kind: 'switch',
    group: 'fan',
    off: text('停止', 'stopped'),
    on: text('运行', 'running'),
  },
  {
    id: 'door',
    title: text('风门', 'Air door'),
    short: '风门',
    kind: 'switch',
    group: 'door',
    off: text('关', 'shut'),
    on: text('开', 'open'),
  },
  {
    id: 'feed.state',
    title: text('馈电状态', 'Feed state'),
    short: '馈',
    kind: 'switch',
    group: 'power',
    off: text('无电', 'dead'),
    on: text('有电', 'live'),
  },
  {
    id: 'switch.power',
    title: text('断电开关', 'Power switch'),
    short: '开关',
    kind: 'output',
    group: 'power',
    opening: 0,
    off: text('断电', 'off'),
    on: text('送电', 'on'),
  },
  {
    id: 'belt',
    title: text('带式输送机', 'Belt'),
    short: '带',
    kind: 'switch',
    group: 'belt',
    off: text('停止', 'stopped'),
    on: text('运行', 'running'),
  },
];

const clause = (standard, c) => ({ standard, edition: '2016', clause: c, verified: true });
export const RULES = [
  {
    id: 'gas.over-limit',
    title: text('瓦斯超限', 'Methane over limit'),
    priority: 1,
    statutory: true,
    category: 'over-limit',
    within_s: 120,
    cause: text('风量下降；采煤机截深过大；抽采中断', 'Less air; deep cut; drainage stopped'),
    consequence: text(
      '达到断电值时切断工作面及回风全部非本质安全型电源',
      'Power of face and return is cut at the cut value',
    ),
    action: text(
      '①停止作业 ②核对断电与馈电 ③撤出人员 ④汇报值班领导',
      '1. Stop work; 2. Check cut and feed; 3. Withdraw people; 4. Report',
    ),
    clause: clause('煤矿安全规程', '第498条'),
  },
  {
    id: 'gas.cut',
    title: text('瓦斯断电', 'Power cut by methane'),
    priority: 1,
    statutory: true,
    category: 'cut',
    within_s: 60,
    cause: text('瓦斯达到断电值', 'Methane at the cut value'),
    consequence: text('区域断电', 'Area without power'),
    action: text('①撤出人员 ②核对馈电状态 ③汇报', '1. Withdraw; 2. Check feed; 3. Report'),
    clause: clause('煤矿安全规程', '第498条'),
  },
  {
    id: 'feed.anomaly',
    title: text('馈电异常', 'Feed anomaly'),
    priority: 2,
    statutory: true,
    category: 'feed',
    within_s: 120,
    cause: text('开关未动作；馈电传感器故障', 'Switch did not act; sensor fault'),
    consequence: text('断电未被证实', 'The cut is not proved'),
    action: text('①派人就地断电 ②检查传感器', '1. Cut at the place; 2. Check the sensor'),
    clause: clause('AQ 6201-2019', '5.6'),
  },
  {
    id: 'wind.low',
    title: text('风速低', 'Low air speed'),
    priority: 2,
    statutory: false,
    category: 'over-limit',
    within_s: 600,
    cause: text('风门开启；风筒破损', 'Door open; duct torn'),
    consequence: text('瓦斯积聚', 'Gas may gather'),
    action: text('检查风门与风筒', 'Check doors and ducts'),
  },
  {
    id: 'sensor.fault',
    title: text('传感器故障', 'Sensor fault'),
    priority: 3,
    statutory: false,
    category: 'fault',
    within_s: 1800,
    cause: text('断线；电源', 'Broken line; supply'),
    consequence: text('该处无监测', 'No monitoring here'),
    action: text('更换或修复', 'Mend or replace'),
  },
  {
    id: 'dust.high',
    title: text('粉尘浓度高', 'Dust high'),
    priority: 4,
    statutory: false,
    category: 'process',
    within_s: 3600,
    cause: text('喷雾停止', 'Sprays off'),
    consequence: text('职业健康', 'Health'),
    action: text('开启喷雾', 'Open sprays'),
  },
];

export const QUALITIES = [
  ['normal', '正常', 'good'],
  ['calibration', '调校', 'uncertain'],
  ['over-range', '超量程', 'bad'],
  ['broken', '断线', 'bad'],
  ['feed-anomaly', '馈电异常', 'uncertain'],
  ['stale', '无新数据', 'bad'],
  ['manual', '手动', 'uncertain'],
  ['device-fault', '设备故障', 'bad'],
  ['comm-fault', '通信故障', 'bad'],
  ['future-time', '时间超前', 'uncertain'],
  ['under-range', '欠量程', 'bad'],
  ['never', '尚无数据', 'bad'],
  ['paused', '暂停', 'bad'],
  ['gap', '缺报存疑', 'uncertain'],
].map(([id, zh, grade]) => ({ id, title: text(zh, id), grade }));

const places = [];
const roadways = [];
const areas = [];
const assets = [];
export const POINTS = [];

function place(id, parent, kind, name, name_en, x, y, air_to = []) {
  places.push({
    id,
    ...(parent ? { parent } : {}),
    kind,
    name,
    name_en,
    x: X0 + x,
    y: Y0 + y,
    air_to,
  });
}

function road(placeId, name, pts, width = 4.5) {
  roadways.push({
    type: 'Feature',
    properties: { place: placeId, name, kind: 'roadway', width_m: width },
    geometry: { type: 'LineString', coordinates: pts.map(([x, y]) => [X0 + x, Y0 + y]) },
  });
}

function area(placeId, name, kind, x, y, w, h) {
  const c = [
    [x, y],
    [x + w, y],
    [x + w, y + h],
    [x, y + h],
    [x, y],
  ];
  areas.push({
    type: 'Feature',
    properties: { place: placeId, name, kind },
    geometry: { type: 'Polygon', coordinates: [c.map(([a, b]) => [X0 + a, Y0 + b])] },
  });
}

function point(id, role, placeId, name, name_en, x, y, more = {}) {
  const r = ROLES.find((q) => q.id === role);
  POINTS.push({
    id,
    i: POINTS.length,
    name,
    name_en,
    kind: r.kind,
    unit: r.unit ?? '',
    role,
    place: placeId,
    x: X0 + x,
    y: Y0 + y,
    resolution: r.kind === 'analog' ? 0.01 : 1,
    range: r.kind === 'analog' ? [0, role === 'co' ? 500 : 40] : null,
    link: 'sub01',
    address: `i${POINTS.length}`,
    ...more,
  });
}

function asset(id, name, kind, placeId, pointId, x, y) {
  assets.push({
    type: 'Feature',
    properties: { id, name, kind, place: placeId, point: pointId, angle_deg: 0 },
    geometry: { type: 'Point', coordinates: [X0 + x, Y0 + y] },
  });
}

function panel(n, x, y) {
  const p = `p${n}`;
  const f = `${n}-face`;
  place(p, 'l1', 'panel', `${n}采区`, `Panel ${n}`, x + 450, y + 200);
  place(f, p, 'face', `${n}工作面`, `Face ${n}`, x + 700, y + 100, [`${n}-ret`]);
  place(`${n}-in`, p, 'intake', `${n}进风巷`, `Intake ${n}`, x + 350, y, [f]);
  place(`${n}-ret`, p, 'return', `${n}回风巷`, `Return ${n}`, x + 350, y + 200, ['main-ret']);
  road(`${n}-in`, `${n}进风巷`, [
    [x, y],
    [x + 300, y + 4],
    [x + 700, y],
  ]);
  road(`${n}-ret`, `${n}回风巷`, [
    [x, y + 200],
    [x + 300, y + 203],
    [x + 700, y + 200],
  ]);
  road(
    f,
    `${n}工作面`,
    [
      [x + 700, y],
      [x + 700, y + 200],
    ],
    6,
  );
  area(f, `${n}采空区`, 'goaf', x + 705, y, 260, 200);
  area(p, `${n}采区`, 'panel', x - 20, y - 25, 1010, 250);
  for (let k = 0; k < 6; k++)
    road(
      `${n}-in`,
      `${n}联络巷${k + 1}`,
      [
        [x + 90 * k + 80, y + 2],
        [x + 90 * k + 80, y + 201],
      ],
      3,
    );
  const pre = `${n}`;
  point(`T1-${n}`, 'ch4.face', f, `${pre}工作面瓦斯`, `Methane face ${n}`, x + 690, y + 150, {
    cutoff: true,
    test_days: 15,
  });
  point(
    `T2-${n}`,
    'ch4.return',
    `${n}-ret`,
    `${pre}回风瓦斯`,
    `Methane return ${n}`,
    x + 120,
    y + 200,
    { cutoff: true, test_days: 15 },
  );
  for (let k = 0; k < 7; k++)
    point(
      `T3-${n}-${k + 1}`,
      'ch4.return',
      `${n}-ret`,
      `${pre}回风瓦斯${k + 1}#`,
      `Methane return ${n} no. ${k + 1}`,
      x + 180 + 70 * k,
      y + 200,
    );
  point(`F-${n}`, 'wind.speed', `${n}-ret`, `${pre}回风风速`, `Air return ${n}`, x + 60, y + 200);
  point(`F-${n}-in`, 'wind.speed', `${n}-in`, `${pre}进风风速`, `Air intake ${n}`, x + 60, y);
  point(`CO-${n}`, 'co', `${n}-ret`, `${pre}回风CO`, `CO return ${n}`, x + 150, y + 200);
  point(`W-${n}`, 'temp', f, `${pre}工作面温度`, `Temperature face ${n}`, x + 690, y + 60);
  point(
    `W-${n}-2`,
    'temp',
    `${n}-ret`,
    `${pre}回风温度`,
    `Temperature return ${n}`,
    x + 240,
    y + 200,
  );
  for (let k = 0; k < 6; k++)
    point(
      `C-${n}-${k + 1}`,
      'dust',
      `${n}-in`,
      `${pre}粉尘${k + 1}#`,
      `Dust ${n} no. ${k + 1}`,
      x + 130 + 90 * k,
      y,
    );
  for (let k = 0; k < 4; k++) {
    point(
      `D-${n}-${k + 1}`,
      'door',
      `${n}-in`,
      `${pre}风门${k + 1}#`,
      `Door ${n} no. ${k + 1}`,
      x + 80 + 180 * k,
      y + 100,
    );
    asset(
      `door-${n}-${k + 1}`,
      `${k + 1}#风门`,
      'door',
      `${n}-in`,
      `D-${n}-${k + 1}`,
      x + 80 + 90 * k,
      y + 100,
    );
  }
  point(`K-${n}-F`, 'feed.state', `${n}-in`, `${pre}馈电`, `Feed ${n}`, x + 30, y + 30);
  point(
    `K-${n}`,
    'switch.power',
    `${n}-in`,
    `${pre}工作面开关`,
    `Switch face ${n}`,
    x + 30,
    y + 30,
    { feed: `K-${n}-F`, serves: [f, `${n}-ret`], two_person: true },
  );
  asset(`sw-${n}`, `${n}开关`, 'switch', `${n}-in`, `K-${n}`, x + 30, y + 30);
  point(`B-${n}`, 'belt', `${n}-in`, `${pre}顺槽皮带`, `Belt ${n}`, x + 400, y - 8);
  asset(`belt-${n}`, `${n}皮带`, 'belt', `${n}-in`, `B-${n}`, x + 400, y - 12);
}

function heading(n, x, y) {
  const h = `h${n}`;
  place(h, 'l1', 'heading-area', `${n}掘进`, `Heading ${n}`, x + 150, y);
  place(`${h}-w`, h, 'heading', `${n}掘进工作面`, `Heading face ${n}`, x + 300, y, ['main-ret']);
  road(
    `${h}-w`,
    `${n}掘进巷`,
    [
      [x, y],
      [x + 310, y],
    ],
    4,
  );
  for (let k = 0; k < 2; k++)
    road(
      `${h}-w`,
      `${n}躲避硐${k + 1}`,
      [
        [x + 100 + 100 * k, y],
        [x + 100 + 100 * k, y + 15],
      ],
      3,
    );
  point(`T1-${n}`, 'ch4.face', `${h}-w`, `${n}掘进瓦斯`, `Methane heading ${n}`, x + 300, y, {
    cutoff: true,
    test_days: 15,
  });
  point(
    `T2-${n}`,
    'ch4.return',
    `${h}-w`,
    `${n}掘进回风瓦斯`,
    `Methane heading return ${n}`,
    x + 40,
    y,
    { cutoff: true, test_days: 15 },
  );
  point(`CO-${n}`, 'co', `${h}-w`, `${n}掘进CO`, `CO heading ${n}`, x + 200, y);
  point(`W-${n}`, 'temp', `${h}-w`, `${n}掘进温度`, `Temperature heading ${n}`, x + 240, y);
  point(`C-${n}`, 'dust', `${h}-w`, `${n}掘进粉尘`, `Dust heading ${n}`, x + 270, y);
  for (let k = 0; k < 2; k++) {
    point(
      `L-${n}-${k + 1}`,
      'fan.local',
      `${h}-w`,
      `${n}局扇${k + 1}#`,
      `Local fan ${n} no. ${k + 1}`,
      x - 20,
      y + 25 * k,
    );
    asset(
      `lf-${n}-${k + 1}`,
      `${k + 1}#局扇`,
      'fan',
      `${h}-w`,
      `L-${n}-${k + 1}`,
      x - 25,
      y + 30 * k - 15,
    );
  }
  point(`K-${n}-F`, 'feed.state', `${h}-w`, `${n}掘进馈电`, `Feed heading ${n}`, x + 10, y - 12);
  point(`K-${n}`, 'switch.power', `${h}-w`, `${n}掘进开关`, `Switch heading ${n}`, x + 10, y - 20, {
    feed: `K-${n}-F`,
    serves: [`${h}-w`],
  });
  asset(`sw-${n}`, `${n}开关`, 'switch', `${h}-w`, `K-${n}`, x + 10, y - 25);
}

place('mine', '', 'mine', '演示矿', 'Demo mine', 1800, 1500);
place('l1', 'mine', 'level', '一水平', 'Level 1', 1800, 1500);
place('main-in', 'l1', 'intake', '主运大巷', 'Main haulage', 1500, 1200);
place('main-ret', 'l1', 'main-return', '总回风巷', 'Main return', 1500, 1300, ['south-shaft']);
place('south-shaft', 'mine', 'shaft', '南风井', 'South shaft', 60, 1300);
place('main-shaft', 'mine', 'shaft', '主井', 'Main shaft', 60, 1180, ['main-in']);
place('pump', 'l1', 'chamber', '中央水泵房', 'Pump chamber', 300, 1080);
road(
  'main-in',
  '主运大巷',
  [
    [60, 1180],
    [900, 1190],
    [2000, 1200],
    [3400, 1205],
  ],
  6,
);
road(
  'main-ret',
  '总回风巷',
  [
    [60, 1300],
    [900, 1310],
    [2000, 1320],
    [3400, 1325],
  ],
  6,
);
road(
  'pump',
  '水泵房',
  [
    [260, 1187],
    [260, 1080],
    [380, 1080],
  ],
  6,
);
area('pump', '中央水泵房', 'station', 270, 1060, 120, 40);
for (let k = 0; k < 12; k++)
  road(
    'main-in',
    `${k + 1}#联络巷`,
    [
      [200 + 260 * k, 1186 + k],
      [200 + 260 * k, 1306 + k],
    ],
    3.5,
  );
[
  [1203, 500, 1450],
  [1205, 500, 1800],
  [1207, 2000, 1450],
  [1301, 500, 650],
  [1303, 2000, 650],
  [1305, 2000, 1800],
].forEach(([n, x, y]) => {
  panel(n, x, y);
  road(
    `${n}-in`,
    `${n}石门`,
    [
      [x, y],
      [x, y > 1200 ? 1320 : 1187],
    ],
    4,
  );
  road(
    `${n}-ret`,
    `${n}回风石门`,
    [
      [x - 40, y + 200],
      [x - 40, y > 1200 ? 1320 : 1187],
    ],
    4,
  );
});
[
  [1401, 2900, 1120],
  [1402, 1300, 1060],
  [1403, 3100, 1380],
  [1404, 700, 1060],
].forEach(([n, x, y]) => {
  heading(n, x, y);
});
point('FAN-1', 'fan.main', 'south-shaft', '南风井主扇1#', 'Main fan 1', 20, 1330);
point('FAN-2', 'fan.main', 'south-shaft', '南风井主扇2#', 'Main fan 2', 20, 1280);
asset('fan-1', '主扇1#', 'fan', 'south-shaft', 'FAN-1', 20, 1340);
asset('fan-2', '主扇2#', 'fan', 'south-shaft', 'FAN-2', 20, 1270);
// KT_FIXTURE_POINTS: a larger mine, to see what the map costs
const WANT = Number(process.env.KT_FIXTURE_POINTS ?? 300);
for (let k = 0; POINTS.length < WANT; k++) {
  const main = k % 2 ? 'main-ret' : 'main-in';
  point(
    `M-${k + 1}`,
    ['wind.speed', 'temp', 'co', 'dust'][k % 4],
    main,
    `大巷测点${k + 1}#`,
    `Main roadway ${k + 1}`,
    150 + (k % 110) * 30,
    (k % 2 ? 1308 : 1190) + Math.floor(k / 110) * 25,
  );
}
for (let k = 0; roadways.length < 120; k++)
  road(
    'main-in',
    `${k + 1}#硐室`,
    [
      [330 + 40 * k, 1190],
      [330 + 40 * k, 1170],
    ],
    3,
  );

export const SITE = {
  id: 'demo',
  name: text('演示矿（虚构）', 'Demo mine (made up)'),
  simulation: true,
  clock: 'real',
  crs: { epsg: 4547, name: 'CGCS2000 / 3-degree Gauss-Kruger CM 114E' },
  utc_offset_s: 28800,
  gas_class: 'high',
  packs: ['core', 'gas'],
  roles: ROLES,
  qualities: QUALITIES,
  places,
  rules: RULES,
  hash: 'fixture',
  ranges: [{ id: 'face-and-return', title: text('工作面及回风', 'Face and return') }],
  neighbours: [
    { name: text('邻县台账（演示）', 'The county (demo)'), url: 'http://127.0.0.1:8081/' },
  ],
  shifts: [
    { id: 'night', name: text('夜班', 'Night'), start: '00:00' },
    { id: 'day', name: text('早班', 'Day'), start: '08:00' },
    { id: 'swing', name: text('中班', 'Swing'), start: '16:00' },
  ],
};

const fc = (features) => ({ type: 'FeatureCollection', features });
export const MAP = { layers: { roadway: fc(roadways), area: fc(areas), asset: fc(assets) } };

export const LIMITS = {
  'ch4.face': { alarm: 1.0, cut: 1.5, restore: 1.0 },
  'ch4.return': { alarm: 1.0, cut: 1.0, restore: 1.0 },
  co: { alarm: 24 },
  temp: { alarm: 30 },
  'wind.speed': { low_alarm: 0.5 },
};

/** Value of a point at a time: smooth, made from its number, so that history and replay agree. */
export function valueAt(p, ms) {
  const s = ms / 1000;
  const a = Math.sin(s / (40 + (p.i % 17)) + p.i) + 0.5 * Math.sin(s / (7 + (p.i % 5)) + 2 * p.i);
  if (p.kind !== 'analog')
    return p.role === 'door'
      ? Math.sin(s / 90 + p.i) > 0.93
        ? 1
        : 0
      : p.id === 'FAN-2' || /^L-.*-2$/.test(p.id)
        ? 0
        : 1;
  const [base, amp] = {
    'ch4.face': [0.45, 0.1],
    'ch4.return': [0.35, 0.09],
    'wind.speed': [2.2, 0.4],
    co: [6, 2],
    temp: [23, 1],
    dust: [4, 1.4],
  }[p.role];
  const lift = p.id === 'T2-1203' ? 0.65 : 0;
  return Math.round((base + lift + amp * a) * 100) / 100;
}

export function qualityAt(p, ms) {
  if (p.id === 'T3-1205-3') return 'broken';
  if (p.id === 'CO-1301') return 'calibration';
  if (p.id === 'W-1303') return 'stale';
  return p.id === 'C-1203-2' && Math.floor(ms / 60000) % 2 ? 'manual' : 'normal';
}
