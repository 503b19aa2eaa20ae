import type { ArrivalOrder, Timeline as Turns } from '@foreman/jobs'
import { useRef, useState } from 'preact/hooks'
import { duration } from '../../../format/duration.ts'
import { LookMark } from '../../../ui/look-mark.tsx'
import { Looks } from '../../../ui/looks.ts'
import { useHeld } from '../../../ui/use-held.ts'
import { useWidth } from '../../../ui/use-width.ts'
import { Axis, AXIS_HEIGHT } from './axis.tsx'
import { type Block, blocksOf, mergeShort, phasesOf, type Present } from './blocks.ts'
import { Depth, DEPTH_HEIGHT } from './depth.tsx'
import { Lane, LANE_HEIGHT } from './lane.tsx'
import { Patterns } from './patterns.tsx'
import { loadsInWords } from './saved.ts'
import type { Point, Scale } from './scale.ts'
import { blockInWords } from './words.ts'

const looks = new Looks()
const lookOf = looks.of.bind(looks)

export interface ChartData {
  readonly turns: Turns
  readonly depth: readonly Point[]
  readonly arrival: ArrivalOrder | undefined
  readonly present: Omit<Present, 'now'>
  /** Until when the target stands still for a caller. */
  readonly expectsUntil: number | undefined
}

/** A block that is shorter cannot be told from its neighbours. */
const VISIBLE_PX = 3
const NARROW = 460

/** The lanes: what happened, and what would have happened in order of arrival. They stand still while somebody looks closely. */
export const Chart = (latest: ChartData) => {
  const ref = useRef<HTMLDivElement>(null)
  const width = useWidth(ref)
  const { turns, depth, arrival, present, expectsUntil } = useHeld(latest, ref)
  const [looked, setLooked] = useState<Block>()
  const scale: Scale = { from: Date.parse(turns.from), until: Date.parse(turns.until), width }
  const visibleMs = ((scale.until - scale.from) / Math.max(1, width)) * VISIBLE_PX
  const all = blocksOf(turns.turns, { ...present, now: scale.until })
  const blocks = mergeShort(all, visibleMs)
  const ghosts = mergeShort(blocksOf(arrival?.turns ?? [], { now: scale.until }), visibleMs).filter(
    ({ from }) => from < scale.until,
  )
  const models = new Set([...blocks, ...ghosts].flatMap(each => each.models))
  const top = DEPTH_HEIGHT
  const axisY = top + LANE_HEIGHT * (arrival ? 2 : 1) - 2
  const lane = { scale, lookOf, onLook: setLooked }
  return (
    <div class="chart" ref={ref}>
      {width > 0 && (
        <svg width={width} height={axisY + AXIS_HEIGHT} role="group" aria-label="Timeline">
          <Patterns />
          <Axis scale={scale} y={axisY} />
          <Depth points={depth} scale={scale} />
          <Lane
            {...lane}
            name="foreman"
            sum={loadsInWords(
              arrival?.actual.loads ?? all.filter(({ loadMs }) => loadMs > 0).length,
              arrival?.actual.load_ms ?? all.reduce((sum, { loadMs }) => sum + loadMs, 0),
            )}
            blocks={blocks}
            phases={phasesOf(turns, scale.until)}
            expectsUntil={expectsUntil}
            y={top}
          />
          {arrival && (
            <Lane
              {...lane}
              name="order of arrival"
              sum={`${loadsInWords(arrival.loads, arrival.load_ms)}${width < NARROW ? '' : lateInWords(arrival, scale.until)}`}
              blocks={ghosts}
              y={top + LANE_HEIGHT}
            />
          )}
        </svg>
      )}
      <p class="looked">
        {looked ? blockInWords(looked) : 'Point at a turn, or walk from one to the next with the arrow keys.'}
      </p>
      <ul class="legend">
        {[...models].map(model => (
          <li key={model}>
            <LookMark look={lookOf(model)} />
            {model}
          </li>
        ))}
        <li>
          <svg width="18" height="18" aria-hidden="true">
            <rect class="idle" width="18" height="18" rx="3" />
            <rect fill="url(#load)" width="18" height="18" rx="3" />
          </svg>
          a load
        </li>
      </ul>
    </div>
  )
}

/** In order of arrival, the last job would have ended later than now. */
const lateInWords = ({ ended_at: endedAt }: ArrivalOrder, now: number): string => {
  const lateMs = endedAt === undefined ? 0 : Date.parse(endedAt) - now
  return lateMs < 1_000 ? '' : `, and ${duration(lateMs)} more to do`
}
