// xent: playground

import "./style.css";
import { mount } from "../shared/mount.tsx";
import { Playground } from "./page.tsx";

mount(Playground);
