// SPDX-License-Identifier: Apache-2.0
// The seven reports of the fixture: the titles and columns of src/api/reports.c, made-up rows.
const two = (n) => String(n).padStart(2, '0');

export const REPORT_COLUMNS = {
  analog: [
    '模拟量日（班）报表',
    ['测点', '名称', '地点', '单位', '最大值#', '时刻', '最小值#', '时刻', '平均值#', '样本#'],
  ],
  alarm: [
    '报警日（班）报表',
    ['测点', '名称', '地点', '报警', '开始', '结束', '累计', '峰值#', '确认', '原因', '处理措施'],
  ],
  cut: [
    '断电日（班）报表',
    ['开关', '名称', '地点', '断电时刻', '发令', '闭锁测点', '馈电证实', '历时 s#', '状态'],
  ],
  feed: [
    '馈电异常日（班）报表',
    ['测点', '名称', '地点', '报警', '开始', '结束', '累计', '峰值#', '确认', '原因', '处理措施'],
  ],
  switch: [
    '开关量状态变动日（班）报表',
    ['测点', '名称', '地点', '变化次数#', '累计接通', '期末状态'],
  ],
  fault: [
    '设备故障日（班）报表',
    ['测点', '名称', '地点', '报警', '开始', '结束', '累计', '峰值#', '确认', '原因', '处理措施'],
  ],
  statistics: [
    '报警断电统计报表',
    [
      '测点',
      '名称',
      '地点',
      '超限次数#',
      '断电次数#',
      '馈电异常#',
      '故障次数#',
      '累计时间',
      '最大值#',
      '时刻',
    ],
  ],
};

export function reportRow(kind, p, k, date, ctx) {
  const at = `${date} ${two((k * 3) % 24)}:${two((k * 7) % 60)}:${two((k * 11) % 60)}`;
  const v = (d) => (ctx.valueAt(p, d * 1e6) + k * 0.01).toFixed(2);
  const head = [p.id, p.name, ctx.site.places.find((x) => x.id === p.place)?.name ?? ''];
  if (kind === 'analog') return [...head, p.unit, v(1), at, v(2), at, v(3), '86400'];
  if (kind === 'cut') return [...head, at, 'rule:gas.cut', 'T1-1203', at, '1.4', 'proved'];
  if (kind === 'switch') return [...head, String(k % 7), `${k}:12:30`, k % 3 ? '开' : '关'];
  if (kind === 'statistics')
    return [...head, String(k % 4), String(k % 2), '0', String(k % 3), '0:12:05', v(1), at];
  return [
    ...head,
    kind === 'feed' ? '馈电异常' : kind === 'fault' ? '传感器故障' : '瓦斯超限',
    at,
    at,
    '0:04:12',
    v(1),
    at,
    k % 2 ? '风门未关' : '',
    k % 2 ? '关闭风门，恢复通风' : '',
  ];
}

export function bodyOf(kind, q, ctx, row) {
  const [title, columns] = REPORT_COLUMNS[kind];
  const date = q.get('date') ?? new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);
  const shift = ctx.site.shifts.find((s) => s.id === q.get('shift'));
  const fits = { analog: 'analog', cut: 'output', switch: 'switch' }[kind] ?? 'analog';
  const list = ctx.points.filter((p) => p.kind === fits).slice(0, kind === 'analog' ? 120 : 18);
  return {
    title,
    heads: [
      `${ctx.site.name.zh}    ${date}  ${shift ? (shift.name.zh ?? shift.name) : ''}    ${date} 00:00:00 — ${date} 23:59:59`,
    ],
    feet: [
      '监测员: ____________    值班领导: ____________    通风负责人: ____________    总工程师: ____________    日期: ____________',
      '事件链 1804233  3f5a9c0d22b1',
    ],
    columns: columns.map((c) => ({ title: c.replace('#', ''), number: c.endsWith('#') })),
    rows: list.map((p, k) => row(kind, p, k, date, ctx)),
  };
}
