// SPDX-License-Identifier: Apache-2.0
// A clerk at the registers: finds, filters, writes a record with all kinds of fields, meets another
// person's change, imports a table, resolves sources, merges duplicates. Against the made-up mine.
import { becomes, equal, real, skip, story, until } from './lib.mjs';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFElEQVR4nGP8z8DAwMDAxAADCAYAEAIBAZl2e2cAAAAASUVORK5CYII=',
  'base64',
);

await story('records: clerk', async (s, step) => {
  if (real) return step('the clerk', () => skip('changes records of the made-up mine'));
  const { page } = s;
  const dialog = page.getByRole('dialog');
  const rows = page.locator('.vtable tbody tr:not(.spacer)');
  const total = async () => Number(/共 (\d+) 条/.exec(await page.locator('.desk-head [role=status]').innerText())?.[1]);
  const again = async (user) => {
    await page.context().clearCookies();
    await page.goto(s.url);
    await s.login(user);
  };
  await s.login('qian');

  await step('the menu has the registers by group; the list pages on as one scrolls', async () => {
    await s.go('#/registers');
    await page.getByRole('heading', { name: '安全' }).waitFor();
    await s.axe('the menu');
    await page.getByRole('link', { name: /隐患台账/ }).click();
    await rows.first().waitFor();
    await becomes(total, 164, 'records');
    await s.axe('the list');
    await s.shot('r-list');
    await page.locator('.vtable').evaluate((el) => el.scrollTo(0, el.scrollHeight));
    await until(async () => (await page.locator('.vtable table').getAttribute('aria-rowcount')) === '165', 'all pages');
  });

  await step('full text is marked; conditions narrow; the address keeps both', async () => {
    await page.getByRole('searchbox', { name: '搜索', exact: true }).fill('电缆');
    await s.key('Enter');
    await until(async () => (await total()) < 60, 'found');
    await page.locator('.vtable mark').first().waitFor();
    await page.getByRole('button', { name: /^筛选/ }).click();
    await page.getByRole('button', { name: /加一个条件/ }).click();
    await page.getByLabel('字段', { exact: true }).selectOption('_state');
    await page.locator('.rr-line select').nth(2).selectOption('doing');
    await until(async () => {
      const texts = await rows.allInnerTexts();
      return texts.length > 0 && texts.every((x) => x.includes('整改中'));
    }, 'only those');
    await until(() => /q=/.test(page.url()) && /filter=/.test(page.url()), 'address');
    await s.shot('r-filter');
  });

  await step('a view is saved under a name and brings all of it back', async () => {
    await page.getByText('常用视图').click();
    await page.getByLabel('视图名称').fill('整改中的电缆');
    await page.getByRole('button', { name: '保存当前' }).click();
    await s.go('#/registers/hazard');
    await until(async () => (await total()) === 164, 'all again');
    await page.getByText('常用视图').click();
    await page.getByRole('button', { name: '整改中的电缆', exact: true }).click();
    await until(async () => (await total()) < 60, 'the view');
  });

  await step('the form says in sentences what is wrong', async () => {
    await s.go('#/registers/hazard/new');
    await page.getByRole('textbox', { name: /^名称/ }).waitFor();
    await page.getByRole('textbox', { name: /^影响深度/ }).fill('12.345');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByRole('alert').getByText('“名称”必须填写。').waitFor();
    await page.getByRole('alert').getByText('“影响深度”最多 1 位小数。').waitFor();
    await s.axe('the form');
    await s.shot('r-form-errors');
  });

  await step('every type of field is filled in; a shape by coordinates and on the map', async () => {
    await page.getByRole('textbox', { name: /^名称/ }).fill('1203 运输巷积水');
    await page.getByRole('textbox', { name: /^影响深度/ }).fill('12.3');
    await page.getByRole('combobox', { name: '地点' }).fill('1203');
    await page.locator('.picker-list [role=option]').first().click();
    await page.getByRole('combobox', { name: '所属项目' }).fill('P-3');
    await page.locator('.picker-list [role=option]', { hasText: 'P-3' }).click();
    await page.getByRole('textbox', { name: '双语名称 中文' }).fill('积水');
    await page.getByRole('textbox', { name: '双语名称 英文' }).fill('Standing water');
    await page.getByRole('button', { name: '在图上画…' }).click();
    await dialog.locator('canvas').first().waitFor();
    await dialog.getByRole('combobox', { name: '图形' }).selectOption('Point');
    const box = await dialog.locator('.rr-draw-map').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await until(async () => /^\S+ \S+$/.test(await dialog.getByLabel(/坐标/).last().inputValue()), 'a point');
    await s.shot('r-draw');
    await dialog.getByRole('button', { name: '采用' }).click();
    await page.locator('[data-field=photos] input[type=file]').setInputFiles({ name: '现场.png', mimeType: 'image/png', buffer: PNG });
    await s.shot('r-form');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: /HZ-.*积水/ }).waitFor();
    await page.getByRole('button', { name: /查看 现场.png/ }).waitFor();
    await s.axe('the record');
    await s.shot('r-record');
  });

  await step('leaving with unsaved changes asks first', async () => {
    await s.key('e');
    await page.getByRole('textbox', { name: /^整改措施/ }).fill('抽水');
    await page.getByRole('link', { name: /项目/ }).first().click();
    await dialog.getByText('所填内容将丢失').waitFor();
    await dialog.getByRole('button', { name: '留在此页' }).click();
    equal(await page.getByRole('textbox', { name: /^整改措施/ }).inputValue(), '抽水', 'kept');
  });

  await step('another person was first: both sides are shown and one is chosen', async () => {
    await page.getByRole('textbox', { name: /^名称/ }).fill('1203 运输巷积水（二）');
    const id = Number(/hazard\/(\d+)/.exec(page.url())[1]);
    const status = await page.evaluate(async (record) => {
      const r = await fetch('api/v1/requests', {
        method: 'POST',
        headers: { 'X-Kuangtu': '1', 'Content-Type': 'application/json' },
        body: JSON.stringify({ verb: 'record.set', args: { record, fields: { title: '1203 运输巷大量积水' } } }),
      });
      return r.status;
    }, id);
    equal(status, 200, 'the other change');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await dialog.getByText('别人已先修改').waitFor();
    await dialog.getByText('1203 运输巷大量积水').waitFor();
    await s.axe('the conflict');
    await s.shot('r-conflict');
    await dialog.getByRole('radio', { name: /您填写的/ }).check();
    await dialog.getByRole('button', { name: '按所选保存' }).click();
    await page.getByRole('heading', { level: 1, name: /积水（二）/ }).waitFor();
    await page.getByRole('tab', { name: /历次取值/ }).click();
    await page.getByText('1203 运输巷大量积水').first().waitFor();
    await s.shot('r-history');
  });

  await step('sources that differ stand side by side until one is chosen', async () => {
    await s.go('#/registers/hazard?q=HZ-2026-0001');
    await page.getByRole('link', { name: /HZ-2026-0001/ }).click();
    await page.getByText('各来源不一致').waitFor();
    await page.getByText('钻孔资料').waitFor();
    await s.shot('r-sources');
    await page.locator('.rr-fact', { hasText: '钻孔资料' }).getByRole('button', { name: '采用此值' }).click();
    await until(async () => (await page.locator('.rr-sources').count()) === 0, 'resolved');
    await until(async () => /3\.2/.test(await page.getByRole('row', { name: /影响深度/ }).innerText()), 'the other value');
  });

  await step('a table: every row with its fate, errors first; then written', async () => {
    await s.go('#/registers/hazard/import');
    const csv = ['编号,名称,等级,地点,影响深度', 'HZ-2026-0002,改名的隐患,一般,main-in,', ',新来的隐患,重大,main-in,5.5', ',错的隐患,很大,main-in,-1'].join('\r\n');
    const put = (text) => page.locator('input[type=file]').setInputFiles({ name: '隐患.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await put(csv);
    await page.getByRole('button', { name: '检查' }).click();
    await rows.first().waitFor();
    await until(async () => /有误/.test(await rows.first().innerText()), 'errors first');
    await until(() => page.getByRole('button', { name: /^写入/ }).isDisabled(), 'nothing is written with errors');
    await s.axe('the import');
    await s.shot('r-import');
    await page.getByRole('button', { name: '换一个文件' }).click();
    await put(csv.split('\r\n').slice(0, 3).join('\r\n'));
    await page.getByRole('button', { name: '检查' }).click();
    await rows.filter({ hasText: '改名的隐患' }).waitFor();
    await until(async () => /→/.test(await rows.filter({ hasText: '改名的隐患' }).innerText()), 'from → to');
    await page.getByRole('button', { name: /^写入 2 行/ }).click();
    await page.getByText('新增 1 条，修改 1 条').waitFor();
  });

  await step('two that are the same become one, field by field', async () => {
    await s.go('#/registers/hazard/duplicates');
    await page.getByRole('button', { name: '对照…' }).first().click();
    await s.shot('r-merge');
    await s.axe('the merge');
    await dialog.getByRole('button', { name: /并入/ }).last().click();
    await until(async () => (await dialog.count()) === 0, 'merged');
  });

  await step('several at once; those that are refused are named', async () => {
    await s.go('#/registers/hazard');
    await rows.first().waitFor();
    for (const i of [0, 1, 2]) await page.locator('.vtable tbody input[type=checkbox]').nth(i).check();
    await page.getByRole('button', { name: '批量处理…' }).click();
    await dialog.getByLabel('做什么').selectOption('urgent');
    await dialog.getByRole('combobox', { name: '紧急' }).selectOption('1');
    await dialog.getByRole('button', { name: '处理 3 条' }).click();
    await dialog.getByText(/已处理 3 条/).waitFor();
    await s.shot('r-bulk');
    await dialog.getByRole('button', { name: '关闭' }).last().click();
  });

  await step('a move of several: how many may take it, why the others may not, to a person by name', async () => {
    await again('wang');
    await s.go('#/registers/hazard?sort=no');
    await rows.first().waitFor();
    for (const i of [0, 1, 2, 3]) await page.locator('.vtable tbody input[type=checkbox]').nth(i).check();
    await page.getByRole('button', { name: '批量处理…' }).click();
    const what = dialog.getByLabel('做什么');
    await what.locator('option', { hasText: '4 条中 1 条' }).first().waitFor({ state: 'attached' });
    await what.selectOption({ label: await what.locator('option', { hasText: /^派发/ }).innerText() });
    await dialog.getByText(/条不能办理：现在是“整改中”/).waitFor();
    await dialog.getByRole('combobox', { name: '负责人' }).fill('李强');
    await s.key('Tab');
    await dialog.getByRole('textbox', { name: /^整改措施/ }).fill('停电检修');
    await s.axe('several at once');
    await s.shot('r-bulk-move');
    await dialog.getByRole('button', { name: '处理 1 条' }).click();
    await dialog.getByText(/已处理 1 条，未处理 3 条/).waitFor();
    await s.shot('r-bulk-done');
    await dialog.getByRole('button', { name: '关闭' }).last().click();
  });

  await step('with the time bar in the past nothing can be written', async () => {
    await s.key('Shift+R');
    const d = page.getByRole('dialog', { name: '回放' });
    const at = new Date(Date.now() - 2 * 86_400_000 + 8 * 3600_000).toISOString().slice(0, 19);
    await d.locator('input[type=datetime-local]').first().fill(at);
    await d.getByRole('button', { name: '播放' }).click();
    await page.getByText(/显示 .* 时的记载/).waitFor();
    await until(async () => (await total()) < 164, 'what was known then');
    await until(() => page.getByRole('button', { name: '新建' }).isDisabled(), 'no new ones');
    equal(await page.getByRole('link', { name: '导入…' }).count(), 0, 'no import');
    await s.shot('r-past');
  });
});
