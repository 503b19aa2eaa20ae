import { useRef, useState } from 'preact/hooks'
import { day, minuteOfDay } from '../../format/time.ts'
import { LookMark } from '../../ui/look-mark.tsx'
import { Looks } from '../../ui/looks.ts'
import { useHeld } from '../../ui/use-held.ts'
import { useWidth } from '../../ui/use-width.ts'
import { walk } from '../../ui/walk.ts'
import type { Stack, Stacks } from './stacks.ts'

const looks = new Looks()

const HEIGHT = 150
const AXIS_HEIGHT = 20
const GAP = 3
/** A letter needs so much room. */
const LETTER_HEIGHT = 13
const LETTER_WIDTH = 14
/** The fewest pixels between two times below. */
const TIME_WIDTH = 56

interface HoursChartProps {
  readonly stacks: Stacks
  /** What is stacked, in words. */
  readonly what: string
  readonly format: (value: number) => string
}

/** A stack for each hour. Arrow keys walk from one to the next. It stands still while somebody looks closely. */
export const HoursChart = ({ stacks: latest, what, format }: HoursChartProps) => {
  const ref = useRef<HTMLDivElement>(null)
  const width = useWidth(ref)
  const { stacks, callers, highest } = useHeld(latest, ref)
  const [active, setActive] = useState<number>()
  const step = width / stacks.length
  const everyNth = Math.max(1, Math.ceil(TIME_WIDTH / Math.max(1, step)))
  const keyDown = (event: KeyboardEvent) => {
    const to = walk(event.key, active ?? stacks.length - 1, stacks.length)
    if (to === undefined) return
    event.preventDefault()
    setActive(to)
  }
  const looked = active === undefined ? undefined : stacks[active]
  return (
    <div class="chart" ref={ref}>
      {width > 0 && (
        <svg width={width} height={HEIGHT + AXIS_HEIGHT} role="group" aria-label={`${what} by hour`}>
          <g
            class="lane"
            role="listbox"
            aria-label={`${what} by hour, ${format(highest)} at most`}
            aria-activedescendant={active === undefined ? undefined : `hour-${active}`}
            tabIndex={0}
            onKeyDown={keyDown}
            onFocus={() => setActive(active ?? stacks.length - 1)}
            onBlur={() => setActive(undefined)}
            onPointerLeave={() => setActive(undefined)}
          >
            {stacks.map((stack, index) => (
              <g
                key={stack.at}
                id={`hour-${index}`}
                role="option"
                aria-selected={index === active}
                aria-label={stackInWords(stack, format)}
                transform={`translate(${index * step} 0)`}
                onPointerEnter={() => setActive(index)}
              >
                <rect class="idle" x={GAP / 2} width={step - GAP} height={HEIGHT} rx="2" />
                <Parts stack={stack} width={step - GAP} scale={HEIGHT / Math.max(1, highest)} />
                {index === active && (
                  <rect class="ring" x={GAP / 2} width={step - GAP} height={HEIGHT} rx="2" />
                )}
              </g>
            ))}
          </g>
          <g aria-hidden="true">
            {stacks.map(({ at }, index) =>
              (stacks.length - 1 - index) % everyNth === 0 && index * step > TIME_WIDTH / 3 ? (
                <text
                  key={at}
                  class="tick-name"
                  x={Math.min(width - TIME_WIDTH / 3, index * step + step / 2)}
                  y={HEIGHT + 15}
                >
                  {minuteOfDay(at)}
                </text>
              ) : null,
            )}
          </g>
        </svg>
      )}
      <p class="looked">
        {looked
          ? stackInWords(looked, format)
          : `The highest hour has ${format(highest)}. Point at an hour, or walk with the arrow keys.`}
      </p>
      <ul class="legend">
        {callers.map(caller => (
          <li key={caller}>
            <LookMark look={looks.of(caller)} />
            {caller}
          </li>
        ))}
      </ul>
    </div>
  )
}

const stackInWords = ({ at, parts, sum }: Stack, format: HoursChartProps['format']): string => {
  const own = parts.map(({ caller, value }) => `${caller} ${format(value)}`)
  return `${day(at)}, ${minuteOfDay(at)}: ${sum === 0 ? 'nothing' : `${format(sum)} (${own.join(', ')})`}`
}

const Parts = ({
  stack,
  width,
  scale,
}: {
  readonly stack: Stack
  readonly width: number
  readonly scale: number
}) => {
  let y = HEIGHT
  return (
    <>
      {stack.parts.map(({ caller, value }) => {
        const height = Math.max(1, value * scale)
        y -= height
        const { look, letter } = looks.of(caller)
        return (
          <g key={caller}>
            <rect class={`model ${look}`} x={GAP / 2} y={y} width={width} height={height} />
            {height >= LETTER_HEIGHT && width >= LETTER_WIDTH && (
              <text class="block-name" x={GAP / 2 + width / 2} y={y + height / 2 + 4}>
                {letter}
              </text>
            )}
          </g>
        )
      })}
    </>
  )
}
