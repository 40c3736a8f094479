"""What annotating many documents costs beside the pipeline's own work, by the kernel and by Ray."""
