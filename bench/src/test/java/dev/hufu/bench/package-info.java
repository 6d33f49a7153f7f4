@NullMarked
package dev.hufu.bench;

import org.jspecify.annotations.NullMarked;
