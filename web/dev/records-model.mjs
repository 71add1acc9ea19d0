// SPDX-License-Identifier: Apache-2.0
// The made-up registers, workflow, ledgers, indicators and calendar of the fixture, as a pack would
// declare them (docs/record-format.md), and the records that stand in them at the start.
const DAY = 86_400_000;
export const START = Date.now();
const t = (zh, en) => ({ zh, en });
const f = (id, type, title, more = {}) => ({ id, type, title, may_write: true, ...more });
export const dayOf = (ms) => new Date(ms + 8 * 3600_000).toISOString().slice(0, 10);

export const WORKFLOW = {
  id: 'rectify',
  title: t('隐患整改', 'Rectification'),
  registers: ['hazard'],
  states: [
    { id: 'open', title: t('待派', 'Open'), kind: 'start' },
    { id: 'doing', title: t('整改中', 'Being mended'), kind: 'active' },
    { id: 'check', title: t('待验收', 'To be checked'), kind: 'waiting' },
    { id: 'closed', title: t('已销号', 'Closed'), kind: 'done' },
    { id: 'void', title: t('作废', 'Void'), kind: 'void' },
  ],
  transitions: [
    {
      id: 'assign',
      title: t('派发', 'Assign'),
      from: ['open'],
      to: 'doing',
      who: ['hazard.assign'],
      needs: ['measure'],
      owner: 'given',
      due: { days: 5, working: true },
      receipt: { hours: 2 },
    },
    {
      id: 'report',
      title: t('报完成', 'Report done'),
      from: ['doing'],
      to: 'check',
      who: ['owner'],
      evidence: { photos: 1 },
      note: 'required',
      due: { days: 2, working: true },
    },
    {
      id: 'accept',
      title: t('验收销号', 'Accept and close'),
      from: ['check'],
      to: 'closed',
      who: ['hazard.check'],
      sign: 2,
    },
    {
      id: 'back',
      title: t('退回', 'Return'),
      from: ['check'],
      to: 'doing',
      who: ['hazard.check'],
      note: 'required',
      returns: true,
      due: { days: 3, working: true },
    },
    {
      id: 'cancel',
      title: t('作废', 'Make void'),
      from: ['open', 'doing'],
      to: 'void',
      who: ['hazard.assign'],
      note: 'required',
    },
  ],
};

export const REGISTERS = [
  {
    id: 'hazard',
    title: t('隐患台账', 'Hidden dangers'),
    group: t('安全', 'Safety'),
    key: 'no',
    label: '{no} {title}',
    place: 'place',
    workflow: 'rectify',
    map: { geometry: 'area', color: '#6a4c7d', symbol: 'dot' },
    list: ['no', 'title', 'level', 'place', 'found', 'depth'],
    documents: [{ id: 'notice', title: t('整改通知书', 'Notice') }],
    fields: [
      f('no', 'text', t('编号', 'No.'), { auto: 'HZ-{year}-{n:4}', may_write: false }),
      f('title', 'text', t('名称', 'Name'), { required: true, max: 80, search: true }),
      f('level', 'enum', t('等级', 'Level'), {
        required: true,
        default: 'general',
        values: [
          { id: 'major', title: t('重大', 'Major') },
          { id: 'general', title: t('一般', 'General') },
        ],
      }),
      f('place', 'place', t('地点', 'Place'), { required: true }),
      f('found', 'date', t('发现日期', 'Found'), { default: 'today' }),
      f('seen', 'time', t('发现时刻', 'Moment seen')),
      f('urgent', 'bool', t('紧急', 'Urgent')),
      f('depth', 'number', t('影响深度', 'Depth'), {
        unit: 'm',
        min: 0,
        max: 2000,
        decimals: 1,
        sources: true,
        help: t('自巷道底板起，到米的一位小数', 'From the floor of the roadway, to 0.1 m'),
      }),
      f('fine', 'money', t('罚款', 'Fine')),
      f('name2', 'text2', t('双语名称', 'Name in two languages')),
      f('project', 'ref', t('所属项目', 'Project'), { to: 'project' }),
      f('who', 'person', t('责任人', 'Responsible')),
      f('measure', 'text', t('整改措施', 'Measure'), { max: 400, search: true }),
      f('area', 'geometry', t('范围', 'Area'), { kinds: ['point', 'polygon'] }),
      f('photos', 'photo', t('照片', 'Photos')),
      f('papers', 'file', t('附件', 'Papers'), {
        types: ['pdf', 'xlsx', 'docx', 'txt'],
        max_mb: 20,
      }),
      f('cost', 'computed', t('费用合计', 'Cost'), { as: 'number', unit: '元', may_write: false }),
    ],
  },
  {
    id: 'project',
    title: t('项目', 'Projects'),
    group: t('综合', 'General'),
    key: 'code',
    label: '{code} {name}',
    list: ['code', 'name', 'begin'],
    fields: [
      f('code', 'text', t('代码', 'Code'), { required: true, pattern: '^P-[0-9]+$', max: 20 }),
      f('name', 'text', t('名称', 'Name'), { required: true, search: true }),
      f('begin', 'date', t('开工', 'Begin')),
    ],
  },
  {
    id: 'patrol',
    title: t('巡查记录', 'Patrols'),
    group: t('安全', 'Safety'),
    key: 'no',
    list: ['no', 'begin', 'end', 'length'],
    map: { geometry: 'track', color: '#4c6a5d', symbol: 'dot' },
    fields: [
      f('no', 'text', t('编号', 'No.'), { auto: 'XC-{year}-{n:4}', may_write: false }),
      f('begin', 'time', t('开始', 'Begin')),
      f('end', 'time', t('结束', 'End')),
      f('length', 'number', t('里程', 'Length'), { unit: 'm', decimals: 0 }),
      f('track', 'geometry', t('轨迹', 'Track'), { kinds: ['line'] }),
      f('notes', 'text', t('打卡', 'Check-ins')),
      f('walk', 'file', t('轨迹与打卡', 'Walk'), { types: ['track'] }),
      f('photos', 'photo', t('照片', 'Photos')),
    ],
  },
  {
    id: 'target',
    title: t('指标目标', 'Targets'),
    group: t('综合', 'General'),
    key: 'indicator',
    list: ['indicator', 'from', 'to', 'value', 'responsible'],
    fields: [
      f('indicator', 'text', t('指标', 'Indicator'), { required: true }),
      f('from', 'date', t('自', 'From')),
      f('to', 'date', t('至', 'To')),
      f('value', 'number', t('目标值', 'Target')),
      f('responsible', 'person', t('责任人', 'Responsible')),
    ],
  },
];

export const LEDGERS = [
  {
    id: 'water',
    title: t('中水账', 'Reclaimed water'),
    group: t('水', 'Water'),
    unit: 'm3',
    decimals: 2,
    period: 'month',
    may: { post: true, close: true },
    closed: '2026-09-30',
    accounts: [
      { key: 'source', title: t('来水', 'Inflow'), floor: null },
      { key: 'store', title: t('蓄水池', 'Store'), floor: 0 },
      { key: 'green', title: t('绿化用水', 'Watering of plants'), floor: null },
      { key: 'dust', title: t('降尘用水', 'Dust suppression'), floor: null },
    ],
  },
];

export const INDICATORS = [
  {
    id: 'hazard_closed',
    title: t('隐患按期销号率', 'Hazards closed in time'),
    group: t('安全', 'Safety'),
    unit: '%',
    decimals: 1,
    better: 'higher',
    definition: t(
      '期内到期的隐患中按期销号的比例；作废的按设置计入或不计。',
      'Of the hazards due within the period, those closed in time.',
    ),
    settings: [
      {
        id: 'void_counts',
        title: t('作废计入', 'Void ones count'),
        default: 0,
        value: 0,
        values: [0, 1],
      },
    ],
    register: 'hazard',
    target: 90,
    responsible: 'wang',
  },
  {
    id: 'hazard_open',
    title: t('在办隐患', 'Open hazards'),
    group: t('安全', 'Safety'),
    unit: t('条', 'records'),
    decimals: 0,
    better: 'lower',
    definition: t('尚未销号或作废的隐患条数。', 'Hazards that are neither closed nor void.'),
    settings: [],
    register: 'hazard',
    target: 60,
    responsible: 'qian',
  },
  {
    id: 'water_use',
    title: t('中水利用量', 'Reclaimed water used'),
    group: t('水', 'Water'),
    unit: 'm3',
    decimals: 0,
    better: 'higher',
    definition: t('本期由蓄水池支出的中水。', 'Water that left the store in the period.'),
    settings: [],
    target: null,
  },
];

export const PEOPLE = [
  ['wang', '王伟'],
  ['li', '李强'],
  ['qian', '钱录入'],
  ['sun', '孙总工'],
].map(([user, name]) => ({ user, name }));

const ALL =
  'record.read record.write record.import record.merge hazard.assign hazard.check indicator.write ledger.read ledger.post ledger.close calendar.write'.split(
    ' ',
  );
const RIGHTS = {
  qian: ['record.read', 'record.write', 'record.import', 'record.merge', 'ledger.read'],
  li: ['record.read', 'record.write'],
};
export const rightsOf = (who) => RIGHTS[who] ?? ALL;

const TITLES = [
  '巷道顶板破碎',
  '甲烷传感器悬挂位置不当',
  '皮带机头积煤',
  '风门闭锁失效',
  '电缆破损未包扎',
  '水沟堵塞',
  '支护锚杆失效',
  '消防器材过期',
  '局部通风机电缆拖地',
];
const PLACES = ['panel-1203', 'panel-1205', 'head-1301', 'head-1401', 'main-rise'];

/** Plain rows of what stands at the start; records.mjs makes records of them in this order. */
export function seed(places, positionOf) {
  const known = PLACES.filter((p) => places.includes(p));
  const use = known.length ? known : places.slice(1, 6);
  const rows = [];
  for (let k = 1; k <= 6; k++)
    rows.push({
      register: 'project',
      age: 90 * DAY,
      fields: {
        code: `P-${k}`,
        name: `${['通防', '机电', '运输', '地测', '安监', '调度'][k - 1]}治理项目`,
        begin: `2026-0${k}-01`,
      },
    });
  for (let k = 0; k < 164; k++) {
    const place = use[k % use.length];
    const [x, y] = positionOf(place) ?? [0, 0];
    const age = (k % 40) * DAY + (k % 17) * 3600_000 + 60_000;
    const state =
      k % 4 === 3 ? 'closed' : k % 11 === 10 ? 'void' : ['open', 'doing', 'check'][k % 3];
    rows.push({
      register: 'hazard',
      age,
      state,
      owner: state === 'doing' ? (k % 2 ? 'li' : 'qian') : 'wang',
      due: state === 'closed' || state === 'void' ? null : START + ((k % 9) - 3) * DAY,
      fields: {
        title: `${TITLES[k % TITLES.length]}${k >= TITLES.length ? `（${Math.floor(k / TITLES.length) + 1}）` : ''}`,
        level: k % 13 === 0 ? 'major' : 'general',
        place,
        found: dayOf(START - age),
        urgent: k % 10 === 0,
        ...(k % 5 === 0 ? { depth: 1.5 + k / 10 } : {}),
        ...(k % 7 === 0 ? { fine: 50000 + k * 100 } : {}),
        ...(k % 3 === 0 ? { project: (k % 6) + 1 } : {}),
        ...(state === 'open' ? {} : { measure: '停止作业，专人处理，跟班干部验收', who: 'li' }),
        area: { type: 'Point', coordinates: [x + (k % 12) * 18 - 90, y + (k % 7) * 14 - 40] },
      },
    });
  }
  return rows;
}

const OFF = [
  '01-01',
  '01-02',
  '01-03',
  '02-16',
  '02-17',
  '02-18',
  '02-19',
  '02-20',
  '04-06',
  '05-01',
  '05-04',
  '05-05',
  '06-19',
  '09-25',
  '10-01',
  '10-02',
  '10-05',
  '10-06',
  '10-07',
];
const ON = ['01-04', '02-14', '02-28', '05-09', '09-20', '10-10'];

export function calendarOf(year, changed) {
  const out = [];
  for (let ms = Date.UTC(year, 0, 1); ms < Date.UTC(year + 1, 0, 1); ms += DAY) {
    const day = new Date(ms).toISOString().slice(0, 10);
    const wd = new Date(ms).getUTCDay();
    const own = changed.get(day);
    const md = day.slice(5);
    const listed = year === 2026 && (OFF.includes(md) || ON.includes(md));
    const working = own ? own.working : listed ? ON.includes(md) : wd > 0 && wd < 6;
    out.push({
      day,
      working,
      note: own?.note ?? (listed ? (working ? '调休上班' : '节假日') : ''),
      ...(own
        ? { by: own.by }
        : listed
          ? {
              source: {
                standard: '国务院办公厅关于2026年部分节假日安排的通知',
                edition: '国办发明电〔2025〕7号',
                verified: false,
              },
            }
          : {}),
    });
  }
  return out;
}
