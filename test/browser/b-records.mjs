// SPDX-License-Identifier: Apache-2.0
// Limits by two persons, the point's page, calibration, tests, events, reports, back-test, users.
// Made for the fixture: what it changes at a mine would have to be undone by hand.
import { equal, ok, real, skip, story, until } from './lib.mjs';

await story('records', async (s, step) => {
  await s.login();
  const { page } = s;
  const dialog = page.getByRole('dialog');
  const made = () => real && skip('changes records of the made-up mine');
  const again = async (user) => {
    await page.context().clearCookies();
    await page.goto(s.url);
    await s.login(user);
  };

  await step('a limit is proposed with a reason; the same person cannot approve it', async () => {
    made();
    await s.go('#/limits');
    await page.getByRole('button', { name: '提议修改 1205工作面瓦斯 的限值' }).click();
    await dialog.getByLabel('新值 (%CH4)').fill('0.9');
    await until(() => dialog.getByRole('button', { name: '确定' }).isDisabled(), 'no proposal without a reason');
    await dialog.getByLabel('理由').fill('临近断层');
    await dialog.getByRole('button', { name: '确定' }).click();
    await page.getByRole('tab', { name: '待批 2' }).click();
    const row = page.getByRole('row', { name: /1205工作面瓦斯/ });
    await row.waitFor();
    await until(() => row.getByRole('button', { name: '批准' }).isDisabled(), 'another person must');
  });

  await step('another person approves; the limit is in force with the old value beside it', async () => {
    made();
    await again('sun');
    await s.go('#/limits?tab=proposals');
    await page.getByRole('row', { name: /1205工作面瓦斯/ }).getByRole('button', { name: '批准' }).click();
    await dialog.getByText('1.00 → 0.90').waitFor();
    await dialog.getByRole('button', { name: '确定' }).click();
    await page.getByRole('tab', { name: '限值表' }).click();
    const row = page.getByRole('row', { name: /1205工作面瓦斯/ });
    await until(async () => /0\.90\s*1\.00/.test(await row.innerText()), 'both values');
  });

  await step('the matrix marks what is not verified and what a range lacks', async () => {
    made();
    await page.getByLabel('只看未核实').check();
    await until(async () => (await page.getByText('未核实', { exact: true }).count()) > 3, 'marked');
    await s.go('#/limits?tab=ranges');
    await page.getByText('3 处缺项').first().waitFor();
    await page.getByText('缺: 没有馈电测点').first().waitFor();
    await s.shot('b-ranges');
  });

  await step('a cut-off sensor takes no value by hand', async () => {
    made();
    await s.go('#/point/T1-1203');
    await page.getByText('断电传感器与馈电状态不可置手动值').waitFor();
    equal(await page.getByRole('button', { name: '置手动值…' }).count(), 0, 'buttons');
  });

  await step('another sensor does, with a reason, and it can be taken back', async () => {
    made();
    await s.go('#/point/C-1205-1');
    await page.getByRole('button', { name: '置手动值…' }).click();
    await dialog.getByLabel('数值（mg/m³）').fill('3.5');
    await dialog.getByLabel('理由').fill('送检');
    await dialog.getByRole('button', { name: '确定' }).click();
    await page.getByText(/3\.5，sun 于/).waitFor();
    await page.getByRole('button', { name: '取消手动值' }).click();
    await dialog.getByRole('button', { name: '确定' }).click();
    await until(async () => (await page.getByText(/3\.5，sun 于/).count()) === 0, 'gone');
  });

  await step('calibration is opened, extended only by another, ended with its result', async () => {
    made();
    await s.go('#/point/T2-1205');
    await page.getByRole('button', { name: '开始调校…' }).click();
    await dialog.getByLabel(/标准气样/).fill('2.00 %CH4');
    await dialog.getByRole('button', { name: '确定' }).click();
    await page.getByText('延长须由另一人').waitFor();
    await s.go('#/calibration');
    const row = page.getByRole('row', { name: /1205回风瓦斯/ });
    await until(() => row.getByRole('button', { name: '延长…' }).isDisabled(), 'the same person cannot extend');
    await row.getByRole('button', { name: '结束…' }).click();
    await dialog.getByLabel('结果').fill('合格');
    await dialog.getByRole('button', { name: '确定' }).click();
    await until(async () => (await row.count()) === 0, 'it is over');
  });

  await step('an overdue interlock test is recorded and no longer due', async () => {
    made();
    await s.go('#/calibration?tab=tests&due=1');
    const row = page.getByRole('row', { name: /1301工作面瓦斯/ });
    await until(async () => /超期/.test(await row.innerText()), 'overdue');
    await row.getByRole('button', { name: '登记…' }).click();
    await dialog.getByRole('button', { name: '确定' }).click();
    await until(async () => (await row.count()) === 0, 'not due any more');
  });

  await step('events are filtered by type and point and read on by scrolling', async () => {
    await s.go('#/events');
    const rows = page.locator('.vtable tbody tr:not(.spacer)');
    await rows.first().waitFor();
    const seen = async () => Number(/(\d+) \//.exec(await page.locator('.desk-head [role=status]').innerText())?.[1] ?? 0);
    if (!real) {
      await page.getByRole('button', { name: '7 天' }).click();
      await until(async () => (await seen()) === 200, 'one page');
      await page.locator('.vtable').evaluate((el) => el.scrollTo(0, el.scrollHeight));
      await until(async () => (await seen()) > 200, 'the next page');
    }
    await page.getByLabel('类型').selectOption('limit');
    await until(async () => (await rows.count()) > 0 && (await rows.filter({ hasText: '限值' }).count()) === (await rows.count()), 'only limits');
  });

  await step('seven reports, by day and shift, with signature lines and files', async () => {
    await s.go('#/reports');
    for (const kind of ['模拟量', '报警', '断电', '馈电异常', '开关量', '设备故障', '统计']) {
      await page.getByRole('tab', { name: kind, exact: true }).click();
      await page.locator('.report-sheet footer', { hasText: '监测员' }).waitFor();
      await page.locator('.report-sheet footer', { hasText: '总工程师' }).waitFor();
    }
    await page.getByLabel('班次').selectOption({ index: 1 });
    await page.getByRole('button', { name: '前一日' }).click();
    await until(() => /shift=/.test(page.url()) && /date=/.test(page.url()), 'the address names both');
    for (const format of ['xlsx', 'pdf']) {
      const href = await page.locator(`a[href*="format=${format}"]`).getAttribute('href');
      const status = await page.evaluate(async (u) => (await fetch(u)).status, href);
      equal(status, 200, format);
    }
  });

  await step('a back-test shows what would be new beside what happened', async () => {
    made();
    await s.go('#/backtest');
    const run = page.getByRole('button', { name: '运行回测' });
    await until(() => run.isDisabled(), 'nothing to try yet');
    await page.getByRole('combobox', { name: '添加测点' }).fill('T1-1203');
    await page.locator('.picker-list [role=option]').first().waitFor();
    await s.key('Enter');
    await page.getByLabel('1203工作面瓦斯 试用值').fill('0.55');
    await run.click();
    await page.getByRole('progressbar').waitFor();
    await page.getByRole('button', { name: '新增 7' }).click();
    await page.getByText('＋ 新增').first().waitFor();
    await s.shot('b-backtest-done');
  });

  await step('a user is made with a random password that is shown once', async () => {
    made();
    await s.go('#/users');
    await page.getByRole('button', { name: '新建用户…' }).click();
    await dialog.getByLabel(/^用户名/).fill('qian');
    await dialog.getByLabel('姓名').fill('钱某');
    await dialog.getByText('第二步（安全管理员）').waitFor();
    await dialog.getByRole('button', { name: '创建' }).click();
    const password = await dialog.locator('output').innerText();
    ok(/^(\w{4}-){3}\w{4}$/.test(password), password);
    await dialog.getByRole('button', { name: '已交给本人，关闭' }).click();
    const row = page.getByRole('row', { name: /^qian / });
    await row.getByText('待授予角色').waitFor();
    await row.getByRole('button', { name: '角色…' }).click();
    await dialog.getByLabel('调度员').check();
    await dialog.getByRole('button', { name: '保存' }).click();
    await page.getByRole('row', { name: /qian 钱某 调度员 须改口令/ }).waitFor();
    ok(!(await page.content()).includes(password), 'the password is nowhere any more');
  });

  await step('nobody disables themselves; another is disabled and enabled', async () => {
    made();
    await until(() => page.getByRole('row', { name: /^sun / }).getByRole('button', { name: '停用' }).isDisabled(), 'self');
    const row = page.getByRole('row', { name: /^qian / });
    await row.getByRole('button', { name: '停用' }).click();
    await dialog.getByRole('button', { name: '确定' }).click();
    await row.getByRole('button', { name: '启用' }).click();
    await row.getByRole('button', { name: '停用' }).waitFor();
  });

  await step('health tells links that are down first; the alarm figures end in a list of work', async () => {
    await s.go('#/health?tab=links');
    await page.locator('.health-links tbody tr').first().waitFor();
    if (!real) await until(async () => /sub02.*断/.test((await page.locator('.health-links tbody tr').first().innerText()).replace(/\s/g, '')), 'down first');
    await page.getByRole('tab', { name: '报警绩效' }).click();
    await page.locator('.kpi-work').waitFor();
    await page.locator('.kpi-figures li').nth(6).waitFor();
  });
});
