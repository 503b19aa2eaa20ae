import { ForemanClient } from '@foreman/foreman-client'
import { priorities } from '@foreman/jobs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { lackOfChromium, openChromium } from '../scripts/chromium.ts'
import { fillFile } from './fill.ts'
import { buildDashboard, queueDirectory, startForeman, startSimulation } from './installation.ts'
import { learnModels } from './learn-models.ts'
import type { BenchOptions } from './options.ts'
import { median } from './stats.ts'
import { figure, table } from './table.ts'

const CALLERS = 20
const PAGES_OF_BOOK = 1_000
/** How much slower than this machine the one is on which the first paint is measured. */
const CPU_THROTTLE = 4
const TIMEOUT_MS = 30_000

/** What operators ask for, from what an index finds to what is nowhere. */
const FILTERS = [
  '',
  'state=queued',
  'state=queued&priority=low',
  'caller=caller 7&priority=normal',
  'state=failed',
  'code=stall&priority=high',
  'meta.page=17',
  'meta.page=none&state=queued',
]

/** The page forbids what measures it: expressions that are given as text. */
const UNGUARDED = { bypassCSP: true }

interface Opening {
  readonly firstPaintMs: number
  /** Until the page shows how the queue is. */
  readonly readyMs: number
}

interface Listing {
  readonly filter: string
  /** Until the caller has the whole page of the list. */
  readonly serverMs: number
  /** From the answer until the browser has painted it. */
  readonly paintMs: number
}

/** Measures how quickly the dashboard opens on a slow machine, and how quickly it filters many jobs. */
export const page = async ({ quick, directory, profileDirectory }: BenchOptions) => {
  if (lackOfChromium !== undefined) return { text: `nothing was measured: ${lackOfChromium}` }
  const { jobs, rounds } = quick ? { jobs: 1_000, rounds: 1 } : { jobs: 100_000, rounds: 7 }
  buildDashboard()
  const queue = queueDirectory(directory)
  const simulation = await startSimulation()
  await learnModels({ target: simulation.url, directory: queue })
  // Of many callers and of all priorities, each with a page of a book.
  await fillFile(path.join(queue, 'queue.db'), jobs, at => ({
    caller: `caller ${at % CALLERS}`,
    priority: priorities[at % priorities.length]!,
    metadata: JSON.stringify({ page: at % PAGES_OF_BOOK }),
  }))
  const foreman = await startForeman({ target: simulation.url, directory: queue, profileDirectory })
  const browser = await openChromium()
  try {
    // None of the jobs starts.
    await new ForemanClient({ url: foreman.url }).queue.pause()
    const openings: Opening[] = []
    for (let round = 0; round < rounds; round++) openings.push(await openSlowly(browser, foreman.url))
    const listings: Listing[] = []
    for (const filter of FILTERS) listings.push(await list(browser, foreman.url, { filter, rounds }))
    return { openings, listings, text: describe(openings, listings, jobs) }
  } finally {
    await browser.close()
    await foreman.stop()
    await simulation.stop()
  }
}

/** Opens the page as somebody does who has never opened it. */
const openSlowly = async (browser: Browser, url: string): Promise<Opening> => {
  const context = await browser.newContext(UNGUARDED)
  const opened = await context.newPage()
  const devTools = await context.newCDPSession(opened)
  await devTools.send('Emulation.setCPUThrottlingRate', { rate: CPU_THROTTLE })
  await opened.goto(`${url}/dashboard/`)
  const readyMs = await timeOf(opened, `document.querySelector('main table') && performance.now()`)
  const paint = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime`
  const firstPaintMs = await timeOf(opened, paint)
  await context.close()
  return { firstPaintMs, readyMs }
}

/** The value of an expression in the page, once it has one. */
const timeOf = async (opened: Page, expression: string): Promise<number> => {
  const value = await opened.waitForFunction<number>(expression, undefined, { timeout: TIMEOUT_MS })
  return value.jsonValue()
}

const list = async (
  browser: Browser,
  url: string,
  { filter, rounds }: { readonly filter: string; readonly rounds: number },
): Promise<Listing> => {
  const query = new URLSearchParams(filter).toString()
  const serverTimes: number[] = []
  const paintTimes: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    await (await fetch(`${url}/jobs?${query}&limit=50`)).arrayBuffer()
    serverTimes.push(performance.now() - startedAt)
    const context = await browser.newContext(UNGUARDED)
    const opened = await context.newPage()
    await opened.goto(`${url}/dashboard/#/jobs?${query}`)
    paintTimes.push(await timeOf(opened, PAINTED))
    await context.close()
  }
  return { filter, serverMs: median(serverTimes), paintMs: median(paintTimes) }
}

/** How long it took from the answer with the jobs until the frame that shows them; undefined before that. */
const PAINTED = `
  document.querySelector('main .pager') &&
  performance.now() - performance.getEntriesByType('resource').find(({ name }) => name.includes('/jobs?')).responseEnd`

const describe = (openings: readonly Opening[], listings: readonly Listing[], jobs: number): string =>
  [
    `The dashboard opens on a processor that is ${CPU_THROTTLE} times as slow (ms, median)`,
    table(
      ['first paint', 'ready'],
      [
        [
          figure(median(openings.map(({ firstPaintMs }) => firstPaintMs)), 0),
          figure(median(openings.map(({ readyMs }) => readyMs)), 0),
        ],
      ],
    ),
    '',
    `It filters ${jobs} queued jobs (ms, median)`,
    table(
      ['filter', 'server', 'paint'],
      listings.map(({ filter, serverMs, paintMs }) => [
        filter === '' ? 'none' : filter,
        figure(serverMs, 0),
        figure(paintMs, 0),
      ]),
    ),
  ].join('\n')
