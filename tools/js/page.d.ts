// What Python hands to the page's scripts, and what these hand to each other. For the type checker alone: not shipped.

// --- arrays ---

type TypedArray = Uint8Array | Uint16Array | Int32Array | Float32Array;

/** An array on its way from Python: base64 of its bytes, little-endian, in C order. */
interface PackedArray {
  dtype: "uint8" | "uint16" | "int32" | "float32";
  shape: number[];
  bytes: string;
}

/** An array with its shape; the last axis varies fastest. */
interface NumericArray<T extends TypedArray = TypedArray> {
  shape: number[];
  values: T;
}

type Floats = NumericArray<Float32Array>;

// --- the page ---

/** Content of the element "data", as `html.py` writes it. */
interface PageData {
  views: Record<string, PackedView>;
  scale: PackedArray;
  downloads: Record<string, string>;
}

interface PackedView {
  data: unknown;
  /** Pairs of value and text, by the key of the slider. */
  sliders: Record<string, [value: string, text: string][]>;
  start: Record<string, string>;
}

type Control = HTMLInputElement | HTMLSelectElement;
type Slider = HTMLInputElement & { type: "range" };

/** Chosen values by the key of their control. */
type Choices = Record<string, string>;

interface Panel {
  canvas: HTMLCanvasElement;
  readout: HTMLElement;
  /** "map" for the plane itself, "depth" for the agents of one depth. */
  kind: string;
  depth: string;
  /** Where the scores of the map that is shown stand; none but of landscapes. */
  scores: HTMLElement[];
}

/** What a view's script may use of the page. */
interface Tools<State> {
  state: State;
  panels: Panel[];
  status: HTMLElement;
  /** Choose a value, as if by its control. */
  set(key: string, value: string): void;
}

interface View<State> {
  /** Called at the start and after each choice. */
  update(state: State): void;
}

/** Opens a view from what Python wrote for its kind. */
type OpenView<Source, State> = (root: HTMLElement, source: Source, tools: Tools<State>) => View<State>;

interface Views {
  landscape?: OpenView<LandscapeSource, LandscapeState>;
  trajectory?: OpenView<TrajectorySource, TrajectoryState>;
  rollout?: OpenView<RolloutSource, RolloutState>;
  bodies?: OpenView<BodiesSource, BodiesState>;
}

// --- drawing ---

type Context = CanvasRenderingContext2D;
type Point = [x: number, y: number];
type Limits = [xMin: number, xMax: number, yMin: number, yMax: number];
type Paint = (context: Context, plane: Plane) => void;

/** A state of an agent in a projection to three dimensions; z points at the reader. */
type Point3 = [x: number, y: number, z: number];

/** Where a plane's coordinates are on its canvas, in CSS pixels. */
interface Placing {
  x(worldX: number): number;
  y(worldY: number): number;
}

// --- data of views ---

interface Maze {
  xs: Floats;
  ys: Floats;
  /** 1 where a cell is no wall. (nx, ny) */
  free: NumericArray<Uint8Array>;
  limits: Limits;
}

interface Run {
  name: string;
  depth: string;
  seed: string;
  /** Environment steps at its checkpoint. */
  step: number;
}

/** Which of a depth's runs is shown; the step is chosen where runs have several checkpoints. */
interface RunChoice {
  seed: string;
  step?: string;
}

/** Indices of cells, in 16 bits where these suffice. */
type Cells = Uint16Array | Int32Array;

interface LandscapeSource {
  maze: Maze;
  start: Floats;
  goals: Floats;
  runs: Run[];
  /** Geodesic distance to each goal. (goals, cells) */
  metres: Floats;
  /** Percentile ranks of geodesic proximity. (goals, cells) */
  nearness: NumericArray<Uint8Array>;
  /** Where steepest descent of the geodesic distance leads from each cell. (goals, cells) */
  way: NumericArray<Cells>;
  /** Critic energy. (runs, goals, cells) */
  values: Floats;
  /** Percentile ranks of critic energy. (runs, goals, cells) */
  ranks: NumericArray<Uint8Array>;
  /** Where steepest ascent of the critic energy leads from each cell. (runs, goals, cells) */
  ascent: NumericArray<Cells>;
  /** Column and row. (goals, 2) */
  goal_cells: NumericArray<Int32Array>;
  /** 1 where agents came near. (goals) */
  goals_visited: NumericArray<Uint8Array>;
  /** 1 where an agent was seen. (cells) */
  visited: NumericArray<Uint8Array>;
  /** By the titles in the panels. (runs, goals) */
  scores: Record<string, string[][]>;
}

interface LandscapeState extends RunChoice {
  goal: string;
  scale: "rank" | "energy";
  arrows: "" | "on";
}

/** What a landscape's panel shows of one run, or of the geodesic distance. */
interface Field {
  name: string;
  heights: Float32Array;
  ranks: Uint8Array;
  climb: Cells;
  note: string;
  rangeText(low: number, high: number): string;
  text(cell: number): string;
}

interface DrawnField extends Field {
  key: string;
  image: HTMLCanvasElement;
  range: string;
}

interface MissingField {
  key: string;
  name: string;
  missing: string;
}

interface LandscapePanel extends Panel {
  plane: Plane;
  shown: DrawnField | MissingField | null;
}

/** Projections of states, in 65,535ths of the way between limits. */
interface Projections {
  /** (projections, rows, 2 or 3) */
  shares: NumericArray<Uint16Array>;
  /** (projections, 2 or 3, 2) */
  limits: Floats;
}

type Space = "flat" | "solid";

interface TrajectorySource {
  maze: Maze | null;
  limits: Limits;
  places: Projections;
  spaces: Record<Space, Projections & { text: string }>;
  /** To the goal of the episode, of each state. */
  distance: Floats;
  time: NumericArray<Int32Array>;
  episode: NumericArray<Uint16Array>;
  /** Index into `actors`, of each state. */
  actor: NumericArray<Uint16Array>;
  episodes: string[];
  episode_colours: string[];
  actors: { text: string; depth: string }[];
  depth_colours: Record<string, string>;
  runs: (Run & { said: Record<Space, string> })[];
}

interface TrajectoryState extends RunChoice {
  colour: "distance" | "time" | "episode" | "actor";
  space: Space;
  /** Counted from 1; "" for all. */
  episode: string;
}

interface Angles {
  yaw: number;
  pitch: number;
}

/** Episode of each state; first and last row of each episode. */
interface Episodes {
  episode: Uint16Array;
  first: number[];
  last: number[];
}

/** What all panels of a trajectory share. An episode or a row of -1 is none. */
interface Scene extends Episodes {
  colours: string[];
  followed: number;
  mark: number;
  angles: Angles;
}

interface RolloutSource {
  maze: Maze | null;
  limits: Limits;
  runs: Run[];
  colours: Record<string, string>;
  /** Steps that are shown. (frames,) */
  frames: NumericArray<Int32Array>;
  /** In 65,535ths of the way between limits. (runs, pairs, frames, 2) */
  paths: NumericArray<Uint16Array>;
  starts: Floats;
  goals: Floats;
  tolerance: number;
  /** Step of arrival, 0 for never. (runs, pairs) */
  arrival: NumericArray<Int32Array>;
  /** Length of the path up to the arrival. (runs, pairs) */
  walked: Floats;
}

interface RolloutState extends RunChoice {
  /** Index, or "all". */
  pair: string;
  time: string;
}

interface RolloutPanel extends Panel {
  plane: Plane;
  /** Index into the runs, -1 for none. */
  run: number;
  missing: string;
}

/** A frame that is glided from, and the time in milliseconds that this takes. */
interface Glide {
  frame: number;
  gap: number;
}

// --- bodies ---

type Quaternion = [w: number, x: number, y: number, z: number];

interface BodiesSource {
  runs: Run[];
  /** 0 sphere, 1 capsule along z, 2 box. (shapes) */
  kinds: NumericArray<Uint8Array>;
  /** Number of the body that a shape is fixed to, -1 for the world. (shapes) */
  bodies: NumericArray<Int32Array>;
  /** (shapes, 3) */
  sizes: Floats;
  /** Of the middle of each shape in its body. (shapes, 3) */
  places: Floats;
  /** (shapes, 4) */
  turns: Floats;
  /** Empty where a shape has the colour of its depth. (shapes) */
  colours: string[];
  /** By depth. */
  tints: Record<string, string>;
  frames: NumericArray<Int32Array>;
  /** In 16 bits between the limits. (runs, pairs, frames, bodies, 3) */
  positions: NumericArray<Uint16Array>;
  low: Floats;
  high: Floats;
  /** Quaternions in 16 bits from -1 to 1. (runs, pairs, frames, bodies, 4) */
  rotations: NumericArray<Uint16Array>;
  /** Where pins are drawn; NaN of goals that are no places. (pairs, 3) */
  goals: Floats;
  tolerance: number;
  /** (runs, pairs, frames) */
  distances: Floats;
  /** (runs, pairs) */
  arrival: NumericArray<Int32Array>;
  taken: NumericArray<Int32Array>;
  unit: string;
  /** Its height. */
  floor: number;
  /** The camera's angles, its focal length in heights of a picture, and its distances when it follows and sees all. */
  lens: { yaw: number; pitch: number; length: number; near: number; far: number };
}

interface BodiesState extends RunChoice {
  pair: string;
  time: string;
  camera: "follow" | "all";
}

interface BodiesPanel extends Panel {
  run: number;
  missing: string;
}

/** From where everything is looked at. */
interface Camera {
  yaw: number;
  pitch: number;
  zoom: number;
}

/** A thing to draw, and how far from the reader it is. */
interface Solid {
  depth: number;
  draw(context: Context): void;
  shadow?: (context: Context) => void;
}
