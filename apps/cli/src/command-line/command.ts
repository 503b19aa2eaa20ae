import type { InferredOptionTypes, Options } from 'yargs'
import type { Session } from './session.ts'

export type OptionTable = Readonly<Record<string, Options>>

/** What a command is given: the values of its words and flags. */
export type Given<Table extends OptionTable> = Readonly<InferredOptionTypes<Table>>

/** A command, as `--help` shows it. What it does is loaded when it is called. */
export interface Command {
  /** Its words, and then those that it takes: `jobs cancel [ids..]`. */
  readonly usage: string
  readonly describe: string
  /** The flags and the words that it takes, by their names. */
  readonly options: OptionTable
  /** @returns the exit code, if it is not 0 */
  readonly run: (given: never, session: Session) => Promise<number | void>
}

/** Declares a command, so that the types of what it is given come from its options. */
export const command = <const Table extends OptionTable>(
  declared: Omit<Command, 'options' | 'run'> & {
    readonly options?: Table
    readonly run: (given: Given<Table>, session: Session) => Promise<number | void>
  },
): Command => ({ options: {}, ...declared })
