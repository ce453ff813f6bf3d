using RecSys.Cli;

OwnProcess.EndWithParent();
return CommandLine.Run(CommandLine.CreateRoot(), args, Console.Out, Console.Error);
