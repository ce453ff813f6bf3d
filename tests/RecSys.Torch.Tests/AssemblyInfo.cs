// Seeds, thread counts and the count of live tensors are global in libtorch: no two tests may run at once.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]
