import type { ComponentChildren } from 'preact'
import { count } from '../format/number.ts'
import { Panel } from './panel.tsx'
import { type Column, Table } from './table.tsx'
import { useStill } from './use-still.ts'

interface StillPanelProps<Row> {
  readonly title: string
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  /** Undefined: they have not come yet. */
  readonly latest: readonly Row[] | undefined
  readonly keyOf: (row: Row) => string
  /** How many rows may be shown more than there are, while somebody is at them: new ones below the others. */
  readonly more?: number
  readonly aside?: ComponentChildren
  /** What stands below the rows, or in their place. */
  readonly children?: ComponentChildren
}

const NONE: readonly never[] = []

/** A table under a title, whose rows do not move while somebody is at them. */
export const StillPanel = <Row,>(props: StillPanelProps<Row>) => {
  const { title, caption, columns, latest, keyOf, more, aside, children } = props
  const { ref, rows, gone, arrived } = useStill<Row>(latest ?? NONE, keyOf, more)
  const news = arrived > 0 && <span class="fresh">{count(arrived)} new</span>
  return (
    <div ref={ref}>
      <Panel
        title={title}
        aside={
          <>
            {news}
            {aside}
          </>
        }
      >
        {rows.length > 0 && (
          <Table
            caption={caption}
            columns={columns}
            rows={rows}
            keyOf={keyOf}
            isGone={row => gone.has(keyOf(row))}
          />
        )}
        {children}
      </Panel>
    </div>
  )
}
