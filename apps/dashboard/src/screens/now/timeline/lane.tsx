import { useState } from 'preact/hooks'
import { goTo } from '../../../router/navigation.ts'
import type { Look } from '../../../ui/looks.ts'
import { walk } from '../../../ui/walk.ts'
import { BLOCK_HEIGHT, BlockBox } from './block-box.tsx'
import type { Block, Phase } from './blocks.ts'
import { extent, type Scale } from './scale.ts'
import { phaseInWords } from './words.ts'

interface LaneProps {
  /** Whose order it is. */
  readonly name: string
  /** What it comes to, in words. */
  readonly sum: string
  readonly blocks: readonly Block[]
  readonly phases?: readonly Phase[]
  /** Until when the target stands still for a caller, from the last block on. */
  readonly expectsUntil?: number | undefined
  readonly scale: Scale
  readonly y: number
  readonly lookOf: (model: string) => Look
  /** Somebody points at a block, or has walked to it. */
  readonly onLook: (block: Block | undefined) => void
}

const TITLE_HEIGHT = 18

/** How much room a lane takes. */
export const LANE_HEIGHT = TITLE_HEIGHT + BLOCK_HEIGHT + 8

/** What the target did, from left to right. Arrow keys walk from turn to turn, Enter shows its jobs. */
export const Lane = ({
  name,
  sum,
  blocks,
  phases = [],
  expectsUntil,
  scale,
  y,
  lookOf,
  onLook,
}: LaneProps) => {
  const [active, setActive] = useState<number>()
  const id = `lane-${name.replaceAll(' ', '-')}`
  const last = blocks.at(-1)
  const look = (to: number) => {
    setActive(to)
    onLook(blocks[to])
  }
  const keyDown = (event: KeyboardEvent) => {
    const at = active ?? blocks.length - 1
    const to = walk(event.key, at, blocks.length)
    if (to === undefined && event.key !== 'Enter') return
    event.preventDefault()
    if (to === undefined) showJobs(blocks[at])
    else look(to)
  }
  return (
    <g transform={`translate(0 ${y})`}>
      <text class="lane-name" y="12">
        {name}
        <tspan class="lane-sum" dx="8">
          {sum}
        </tspan>
      </text>
      <g
        class="lane"
        role="listbox"
        aria-label={`${name}: ${sum}`}
        aria-activedescendant={active === undefined ? undefined : `${id}-${active}`}
        tabIndex={0}
        transform={`translate(0 ${TITLE_HEIGHT})`}
        onKeyDown={keyDown}
        onFocus={() => look(Math.min(active ?? Infinity, blocks.length - 1))}
        onBlur={() => onLook(undefined)}
        onPointerLeave={() => onLook(undefined)}
      >
        <rect class="idle" width={scale.width} height={BLOCK_HEIGHT} rx="3" />
        {phases.map(phase => (
          <PhaseBox key={`${phase.kind} ${phase.from}`} phase={phase} scale={scale} />
        ))}
        {last && expectsUntil !== undefined && (
          <rect
            class="expecting"
            {...extent({ from: last.until, until: expectsUntil }, scale)}
            y="1"
            height={BLOCK_HEIGHT - 2}
            rx="3"
          />
        )}
        {blocks.map((block, index) => (
          <BlockBox
            key={block.from}
            id={`${id}-${index}`}
            block={block}
            isActive={index === active}
            scale={scale}
            lookOf={lookOf}
            onLook={() => onLook(block)}
            onOpen={() => showJobs(block)}
          />
        ))}
      </g>
    </g>
  )
}

/** The jobs of a turn: those of its first model that ran in its time. */
const showJobs = (block: Block | undefined): void => {
  if (!block) return
  goTo({
    screen: 'jobs',
    filters: {
      model: block.turns === 1 ? (block.models[0] ?? '') : '',
      since: new Date(block.from).toISOString(),
    },
  })
}

const PhaseBox = ({ phase, scale }: { readonly phase: Phase; readonly scale: Scale }) => {
  const { x, width } = extent(phase, scale)
  return (
    <g>
      <title>{phaseInWords(phase)}</title>
      <rect class={`phase ${phase.kind}`} x={x} width={width} height={BLOCK_HEIGHT} />
      <rect
        fill={`url(#${phase.kind === 'paused' || phase.kind === 'closed' ? 'stripes' : 'crosses'})`}
        x={x}
        width={width}
        height={BLOCK_HEIGHT}
      />
    </g>
  )
}
