import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { startForeman } from '../harness/foreman.ts'
import { endless, hello, startJobs } from '../harness/jobs.ts'
import { startScriptedTarget } from '../harness/scripted-target.ts'
import { closeBrowser, openPage } from './browser.ts'

afterAll(closeBrowser)

const submitTo = async (url: string, submission: object): Promise<string> => {
  const answer = await fetch(`${url}/jobs`, { method: 'POST', body: JSON.stringify(submission) })
  return ((await answer.json()) as { id: string }).id
}

interface WithTasks {
  longestMs: number
}

/** From now on, notes for how long the page could not react. */
const watchTasks = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const scope = globalThis as unknown as WithTasks & {
      PerformanceObserver: new (seen: (list: { getEntries(): { duration: number }[] }) => void) => {
        observe(options: object): void
      }
    }
    scope.longestMs = 0
    new scope.PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) scope.longestMs = Math.max(scope.longestMs, duration)
    }).observe({ type: 'longtask' })
  })

const longestTask = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as WithTasks).longestMs)

describe.skipIf(lackOfChromium !== undefined)('the screens of jobs', () => {
  test('new jobs wait until somebody asks for them, and a filter in the URL holds for all that is done', async () => {
    const { foreman, submit, ended } = await startJobs()
    const first = await submit({ ...hello, metadata: { page: 7 } })
    await ended(first.id)
    const { page, complaints } = await openPage(foreman.url)
    await page.keyboard.press('g')
    await page.keyboard.press('j')
    const rows = page.getByRole('row').filter({ hasText: 'plain' })
    await rows.getByText('succeeded').waitFor()
    const running = await submit(endless)
    await submit({ ...endless, priority: 'low' })
    await page.getByText('2 new').waitFor()
    expect(await page.getByRole('row').filter({ hasText: 'alpha' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Show the latest' }).click()
    await page.getByRole('row').filter({ hasText: 'running' }).waitFor()

    await page.getByLabel('Metadata').fill('page=7')
    await page.waitForURL(/meta\.page=7/)
    await page.getByRole('row').filter({ hasText: 'alpha' }).first().waitFor({ state: 'detached' })
    expect(await rows.count()).toBe(1)

    await page.getByLabel('Metadata').fill('')
    await page.getByLabel('Model').fill('alpha')
    await page.getByRole('button', { name: 'Cancel …' }).click()
    await page.getByText('2 jobs: jobs of alpha.').waitFor()
    await page.getByRole('button', { name: 'Cancel them' }).click()
    await page.getByText('Cancelling jobs: 2 of 2, done').waitFor()
    await ended(running.id)

    await page.getByLabel('Id of a job').fill(first.id)
    await page.getByRole('button', { name: 'Go' }).click()
    await page.getByRole('heading', { name: 'plain succeeded' }).waitFor()
    expect(await complaints()).toEqual([])
  })

  test('an answer is shown while it comes, and can do nothing but be shown', async () => {
    const target = await startScriptedTarget()
    const { url } = await startForeman({ target: target.url })
    const hostile = '<script>alert(1)</script><img src=x onerror=alert(2)>\u001b[1m red\u202eder'
    const id = await submitTo(url, { request: { model: 'alpha', prompt: hostile } })
    const response = await target.next()
    const say = (text: string, done = false) =>
      response.write(`${JSON.stringify({ model: 'alpha', response: text, done })}\n`)
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    say('It begins. ')
    const { page, complaints } = await openPage(url)
    await page.goto(`${url}/dashboard/#/jobs/${id}`)
    const answer = page.getByLabel('Answer', { exact: true }).last()
    await answer.getByText('It begins.').waitFor()
    await watchTasks(page)
    say(hostile)
    await answer.getByText('␛[1m red⟨U+202E⟩der').waitFor()
    await page.getByLabel('prompt').getByText('<script>alert(1)</script>').waitFor()
    expect(await page.locator('main img, main script').count()).toBe(0)

    for (let n = 0; n < 20_000; n += 1)
      say(
        'all work and no play makes one hundred characters of a line, and then there are some more of them.\n',
      )
    say('', true)
    response.end('')
    await page.getByRole('heading', { name: 'alpha succeeded' }).waitFor()
    expect(await longestTask(page)).toBeLessThan(1_000)
    // Whoever opens it later gets all of it at once.
    await page.reload()
    await watchTasks(page)
    await page.getByText(/^2(\.\d)? MB$/).waitFor()
    expect(await longestTask(page)).toBeLessThan(1_000)
    expect(await complaints()).toEqual([])
  })

  test('of a job that is not there, it says so', async () => {
    const { foreman } = await startJobs()
    const { page } = await openPage(foreman.url)
    await page.goto(`${foreman.url}/dashboard/#/jobs/job_0000`)
    await page.getByText('There is no job job_0000 that you may see.').waitFor()
  })
})
