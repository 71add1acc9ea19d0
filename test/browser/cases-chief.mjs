// SPDX-License-Identifier: Apache-2.0
// A chief at the cases: board, a move by dragging and why not, return, two signatures, calendar, map
// layer; then figures with the records behind them, the books, the working days. Made-up mine.
import { real, skip, story, until } from './lib.mjs';

const theme = process.env.KT_THEME ?? 'dark';

await story(
  'cases: chief',
  async (s, step) => {
    if (real) return step('the chief', () => skip('changes records of the made-up mine'));
    const { page } = s;
    const dialog = page.getByRole('dialog');
    const col = (name) => page.locator('.cs-col').filter({ has: page.getByRole('heading', { name }) });
    const count = async (name) => Number(/(\d+)$/.exec(await col(name).getByRole('heading').innerText())[1]);
    const pane = page.locator('.cs-pane');
    const again = async (user) => {
      await page.context().clearCookies();
      await page.goto(s.url);
      await s.login(user);
    };
    const drag = async (from, to) => {
      const data = await page.evaluateHandle(() => new DataTransfer());
      await from.dispatchEvent('dragstart', { dataTransfer: data });
      await to.dispatchEvent('dragover', { dataTransfer: data });
      await to.dispatchEvent('drop', { dataTransfer: data });
    };
    await s.login('wang');

    await step('the rail tells how many are mine; the board has mine first', async () => {
      await page.locator('.rail-count').waitFor();
      await s.go('#/cases');
      await page.locator('.cs-card').first().waitFor();
      await until(async () => (await page.locator('.cs-col').count()) === 3, 'states that are open');
      await until(async () => /mine/.test(await page.locator('.cs-card').first().getAttribute('class')), 'mine first');
      await s.axe('the board');
      await s.shot('c-board');
    });

    await step('a card dropped where no move leads tells so', async () => {
      await drag(col(/待派/).locator('.cs-card').first(), col(/待验收/));
      await page.getByText('从“待派”不能直接转到“待验收”').waitFor();
    });

    await step('dropped on the next column, the move asks for what it needs', async () => {
      const before = await count(/待派/);
      await drag(col(/待派/).locator('.cs-card').first(), col(/整改中/));
      await dialog.getByRole('heading', { name: /派发/ }).waitFor();
      await dialog.getByRole('button', { name: '派发', exact: true }).click();
      await dialog.getByText('“整改措施”必须填写。').waitFor();
      await dialog.getByText('请指定负责人。').waitFor();
      await s.axe('the move');
      await s.shot('c-move');
      await dialog.getByRole('textbox', { name: /整改措施/ }).fill('更换支护');
      await dialog.getByRole('combobox', { name: '负责人' }).fill('li');
      await dialog.getByRole('option', { name: /李强/ }).click();
      await dialog.getByRole('button', { name: '派发', exact: true }).click();
      await until(async () => (await count(/待派/)) === before - 1, 'one less');
    });

    await step('a case goes back with a reason; the reason is required', async () => {
      await col(/待验收/).locator('.cs-card button').first().click();
      await pane.getByRole('button', { name: '退回' }).waitFor();
      await s.axe('the pane');
      await s.shot('c-pane');
      await pane.getByRole('button', { name: '退回' }).click();
      await dialog.getByRole('button', { name: '退回' }).click();
      await dialog.getByText('请写明说明。').waitFor();
      await dialog.getByLabel(/说明/).fill('照片看不清');
      await dialog.getByRole('button', { name: '退回' }).click();
      await until(async () => /整改中/.test(await pane.locator('.rg-case .mark').first().innerText()), 'back');
    });

    await step('two different persons sign; the second one moves it', async () => {
      await col(/待验收/).locator('.cs-card button').first().click();
      const name = await pane.locator('h2').first().innerText();
      await pane.getByRole('button', { name: '验收销号' }).click();
      await dialog.getByText(/须 2 人签字，已签 0 人/).waitFor();
      await dialog.getByRole('button', { name: '验收销号' }).click();
      await pane.getByText(/已签 1 人（王伟）/).waitFor();
      await pane.getByText('您已签过，须另一人再签').waitFor();
      await until(() => pane.getByRole('button', { name: '验收销号' }).isDisabled(), 'not twice by one');
      await again('sun');
      await s.go('#/cases');
      await page.getByRole('searchbox').fill(name.split(' ')[0]);
      await page.locator('.cs-card button').first().click();
      await pane.getByRole('button', { name: '验收销号' }).click();
      await dialog.getByRole('button', { name: '验收销号' }).click();
      await until(async () => /已销号/.test(await pane.locator('.rg-case .mark').first().innerText()), 'closed');
    });

    await step('as a list and as a month with its working days', async () => {
      await page.getByRole('searchbox').fill('');
      await s.go('#/cases?view=list');
      await page.locator('.vtable tbody tr').nth(3).waitFor();
      await s.axe('the list');
      await s.shot('c-list');
      await s.go('#/cases?view=month');
      await page.locator('.cs-month td.off').first().waitFor();
      await page.locator('.cs-due').first().waitFor();
      await s.axe('the month');
      await s.shot('c-month');
    });

    await step('as a layer of the map', async () => {
      await s.go('#/map');
      await page.locator('.kt-live canvas').waitFor();
      await page.getByRole('checkbox', { name: '在办事项' }).check();
      await page.getByText('粗边为超期').waitFor();
      await s.shot('c-map');
    });

    await step('figures with target and forecast; the definition beside; the records behind', async () => {
      await s.go('#/indicators');
      await page.locator('.in-tile').nth(2).waitFor();
      await page.getByText('未达标').first().waitFor();
      await s.axe('the tiles');
      await s.shot('c-tiles');
      await page.getByRole('link', { name: '隐患按期销号率' }).click();
      await page.getByText('口径').waitFor();
      await page.locator('.in-drill .vtable tbody tr').first().waitFor();
      await s.axe('one figure');
      await s.shot('c-drill');
      await page.getByRole('button', { name: '修改…' }).click();
      await dialog.getByLabel('取值').selectOption('1');
      await dialog.getByLabel('原因').fill('按县局口径');
      await dialog.getByRole('button', { name: '确定' }).click();
      await page.getByText(/孙总工 改/).waitFor();
      await page.locator('.in-drill a').first().click();
      await page.getByRole('heading', { level: 1, name: /HZ-/ }).waitFor();
    });

    await step('an entry has to sum to zero and keep the floor; it is reversed, not deleted', async () => {
      await s.go('#/ledgers');
      await page.locator('.lg-entries tbody tr').first().waitFor();
      await s.axe('the books');
      await page.getByRole('button', { name: '记账…' }).click();
      await dialog.getByLabel('摘要').fill('绿化');
      const amount = (n) => dialog.getByRole('textbox', { name: `第 ${n} 行 金额` });
      const account = (n) => dialog.getByRole('combobox', { name: `第 ${n} 行 账户` });
      await account(1).selectOption('store');
      await account(2).selectOption('green');
      await amount(1).fill('-99999');
      await amount(2).fill('99998');
      await dialog.getByText('合计须为零').waitFor();
      await until(() => dialog.getByRole('button', { name: '记账', exact: true }).isDisabled(), 'not zero');
      await amount(2).fill('99999');
      await dialog.getByRole('button', { name: '记账', exact: true }).click();
      await dialog.getByText(/不能低于/).waitFor();
      await s.axe('posting');
      await s.shot('c-post');
      await amount(1).fill('-12.5');
      await amount(2).fill('12.5');
      await dialog.getByRole('button', { name: '记账', exact: true }).click();
      await page.getByRole('row', { name: /绿化 第/ }).getByRole('button', { name: '冲销…' }).click();
      await dialog.getByLabel('原因').fill('记错');
      await dialog.getByRole('button', { name: '确定' }).click();
      await page.getByText('冲销：记错').waitFor();
      await s.shot('c-ledger');
      await page.getByRole('button', { name: /开户/ }).click();
      await dialog.getByLabel('账户名称').fill('选煤厂补水');
      await dialog.getByLabel('账户代号').fill('washery');
      await s.shot('c-open');
      await dialog.getByRole('button', { name: '确定' }).click();
      await page.getByRole('button', { name: /选煤厂补水/ }).waitFor();
    });

    await step('a year with its days off, where they come from, and a day that is changed', async () => {
      await s.go('#/calendar');
      await page.locator('.cal-day.listed').nth(3).waitFor();
      await s.axe('the year');
      await page.getByRole('button', { name: /^2026-11-28/ }).click();
      await page.locator('.cal-one').getByRole('button', { name: '工作日', exact: true }).click();
      await dialog.getByLabel('依据或说明').fill('矿里调休');
      await dialog.getByRole('button', { name: '确定' }).click();
      await page.locator('.cal-list').getByText('矿里调休').waitFor();
      await s.shot('c-year');
    });
  },
  { theme, width: Number(process.env.KT_WIDTH ?? 1920), height: Number(process.env.KT_HEIGHT ?? 1080) },
);
