import fs from 'node:fs'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { UsageError } from '../failures/usage-error.ts'
import { tableLines } from '../output/columns.ts'
import { findingsOf } from './checks/all.ts'
import type { Finding } from './finding.ts'
import { gather, type Wanted } from './gather/gather.ts'

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'dim' } as const

export interface GivenToDoctor extends Wanted {
  readonly bundle?: string | undefined
}

/** Looks for what is wrong with foreman and around it, and says how to repair it. */
export const doctor = async (given: GivenToDoctor, session: Session): Promise<number> => {
  const { screen } = session
  if (given.through !== undefined && !/^https?:\/\/./.test(given.through))
    throw new UsageError('--through must be a URL such as https://foreman.example.org')
  const facts = await gather(given, session)
  const findings = findingsOf(facts)
  if (given.bundle !== undefined) {
    writeNew(given.bundle, `${JSON.stringify({ at: new Date(facts.now), findings, facts }, null, 2)}\n`)
    screen.say(
      `${given.bundle} has all of it, without secrets, prompts and answers. Read it before you give it away`,
    )
  }
  if (screen.isJson) for (const finding of findings) screen.json(finding)
  else for (const line of linesOf(findings, screen)) screen.print(line)
  return findings.some(({ verdict }) => verdict === 'fail') ? exitCodes.failed : 0
}

const linesOf = (findings: readonly Finding[], { styled }: Pick<Session['screen'], 'styled'>): string[] => {
  const lines = tableLines(
    findings.map(({ verdict, check, text }) => [
      { text: verdict, style: shown => styled(STYLES[verdict], shown) },
      check,
      text,
    ]),
    undefined,
  )
  return findings.flatMap(({ remedy }, at) => [
    lines[at]!,
    ...(remedy === undefined ? [] : [`         → ${remedy}`]),
  ])
}

const writeNew = (file: string, text: string): void => {
  try {
    fs.writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new UsageError(`the bundle cannot be written: ${(error as Error).message}`, { cause: error })
  }
}
