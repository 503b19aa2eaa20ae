import { type DestinationStream, type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

export type { Logger }

/** JSON lines, or readable ones on a terminal. Prompts, answers and tokens are never given to it. */
export const createLogger = (level: string, output: NodeJS.WriteStream): Logger => {
  const destination: DestinationStream = output.isTTY
    ? PinoPretty({ destination: output, sync: true })
    : output
  return pino({ level, name: 'gateway' }, destination)
}
