/** By what means of the system a process can be held to limits: control groups and capabilities. */
@NullMarked
package dev.hufu.exec.internal.confine;

import org.jspecify.annotations.NullMarked;
