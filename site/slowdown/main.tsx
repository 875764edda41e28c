// xent: the learning slowdown

import "./style.css";
import { mount } from "../shared/mount.tsx";
import { Slowdown } from "./page.tsx";

mount(Slowdown);
