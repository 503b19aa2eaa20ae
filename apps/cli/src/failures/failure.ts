import { ForemanError } from '@foreman/foreman-client'
import { ConnectionError, StreamError } from '@foreman/ollama-client'
import { SettingError } from '@foreman/process'
import { exitCodes } from './exit-codes.ts'
import { Failed } from './failed.ts'
import { Stopped } from './stop.ts'
import { UsageError } from './usage-error.ts'

/** How a command ends that could not do what it was asked. */
export interface Failure {
  readonly exitCode: number
  /** What is wrong, and what to do. It may quote others. Empty: there is nothing to say. */
  readonly message: string
}

export interface Asked {
  readonly url: string
  /** Where the token is from, such as `--token`. Undefined: there is none. */
  readonly tokenFrom: string | undefined
}

/** @param asked whom the command has asked; undefined when it has asked nobody */
export const failureOf = (error: unknown, asked: Asked | undefined): Failure => {
  if (error instanceof Stopped) return error
  if (error instanceof UsageError || error instanceof SettingError)
    return { exitCode: exitCodes.usage, message: error.message }
  if (error instanceof Failed) return { exitCode: exitCodes.failed, message: error.message }
  if (error instanceof ForemanError) return ofAnswer(error, asked)
  const at = asked?.url ?? 'foreman'
  if (error instanceof ConnectionError) {
    const { code = error.message } = (error.cause ?? {}) as NodeJS.ErrnoException
    const advice = "start foreman with 'foreman start', or say with --url or FOREMAN_URL where it is"
    return error.connected
      ? { exitCode: exitCodes.notReached, message: `the connection to ${at} broke off (${code}): try again` }
      : { exitCode: exitCodes.notReached, message: `${at} cannot be reached (${code}): ${advice}` }
  }
  if (error instanceof StreamError)
    return {
      exitCode: exitCodes.notReached,
      message: `${at} does not answer as foreman does (${error.message}): say with --url where foreman is`,
    }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { exitCode: exitCodes.failed, message: stack ?? message }
}

const ofAnswer = ({ status, code, message }: ForemanError, asked: Asked | undefined): Failure => {
  const tokenFrom = asked?.tokenFrom
  switch (status) {
    case 401:
      return {
        exitCode: exitCodes.refused,
        message:
          tokenFrom === undefined
            ? 'foreman wants a token: give one with --token-file, FOREMAN_OPERATOR_TOKEN or FOREMAN_TOKEN'
            : `foreman does not know the token of ${tokenFrom}: compare it with the settings of the gateway`,
      }
    case 403:
      return {
        exitCode: exitCodes.refused,
        message: `${message}: give the token of an operator with --token-file or FOREMAN_OPERATOR_TOKEN`,
      }
    case 404:
      return code === undefined
        ? {
            exitCode: exitCodes.gone,
            message: `${asked?.url} has no such route: say with --url where foreman is`,
          }
        : { exitCode: exitCodes.gone, message }
    case 410:
      return { exitCode: exitCodes.gone, message }
    case 400:
    case 422:
      return { exitCode: exitCodes.usage, message }
    default:
      return { exitCode: exitCodes.failed, message }
  }
}
