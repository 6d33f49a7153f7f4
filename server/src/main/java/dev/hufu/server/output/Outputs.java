package dev.hufu.server.output;

/** What readers of output need: where it lies, what tells that there is more, and who hears how far they are. */
public record Outputs(OutputStore store, OutputPulse pulse, ReaderProgress progress) {}
