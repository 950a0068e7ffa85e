// Ablation
