import { day, minuteOfDay } from '../../../format/time.ts'
import { type Scale, ticksOf, xOf } from './scale.ts'

export const AXIS_HEIGHT = 22

const DAY_MS = 86_400_000
/** Words that begin so near to the edge would be cut. */
const WORD_WIDTH = 36

/** What time it was, where one lives. */
export const Axis = ({ scale, y }: { readonly scale: Scale; readonly y: number }) => {
  const offsetMs = -new Date(scale.until).getTimezoneOffset() * 60_000
  const { at: ticks, stepMs } = ticksOf(scale, offsetMs)
  const isMidnight = (at: number) => (at + offsetMs) % DAY_MS === 0
  return (
    <g aria-hidden="true">
      {ticks.map(at => {
        const x = xOf(at, scale)
        return (
          <g key={at} transform={`translate(${x} 0)`}>
            <path class="tick" d={`M0 0V${y + 3}`} />
            {x > WORD_WIDTH / 2 && x < scale.width - WORD_WIDTH / 2 && (
              <text class="tick-name" y={y + 16}>
                {stepMs >= DAY_MS || isMidnight(at) ? day(at) : minuteOfDay(at)}
              </text>
            )}
          </g>
        )
      })}
    </g>
  )
}
